// Gradio 6.25 goes on asking for frames after its loader is gone, and so keeps a core busy behind a page on which nothing
// moves. What has asked from within its own frame for some seconds on end is called once a second from then on.
(() => {
  const ask = window.requestAnimationFrame.bind(window);
  const cancel = window.cancelAnimationFrame.bind(window);
  const MOST_IN_A_ROW = 300;
  const waiting = new Map();
  let running = null;
  let last = 0;

  const later = (run) => {
    const id = --last;
    const timer = window.setTimeout(() => {
      const frame = ask((time) => {
        waiting.delete(id);
        run(time);
      });
      waiting.set(id, () => cancel(frame));
    }, 1000);
    waiting.set(id, () => window.clearTimeout(timer));
    return id;
  };

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
    return turn < MOST_IN_A_ROW ? ask(run) : later(run);
  };

  window.cancelAnimationFrame = (id) => {
    if (waiting.has(id)) {
      waiting.get(id)();
      waiting.delete(id);
    } else {
      cancel(id);
    }
  };
})();
