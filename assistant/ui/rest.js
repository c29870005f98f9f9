// Gradio 6.25 goes on asking for frames after its loader is gone, and so keeps a core busy behind a page on which nothing
// moves. What has asked from within its own frame for five seconds on end is called once a second from then on.
(() => {
  const ask = window.requestAnimationFrame.bind(window);
  const MOST_IN_A_ROW = 300;
  let running = null;

  window.requestAnimationFrame = (callback) => {
    const source = callback.toString();
    const turn = running && running.source === source ? running.turn + 1 : 0;
    const run = (time) => {
      running = { source, turn };
      try {
        callback(time);
      } finally {
        running = null;
      }
    };
    return turn < MOST_IN_A_ROW ? ask(run) : window.setTimeout(() => ask(run), 1000);
  };
})();
