// Answers with their evidence: a sentence lights what it quotes, a quotation its sentences, a number its source.
document.addEventListener("click", (event) => {
  const cite = event.target.closest(".answer a.cite");
  if (cite) {
    event.preventDefault();
    showSource(cite.closest(".answer"), cite.dataset.source);
    return;
  }
  const back = event.target.closest(".source [data-cited]");
  if (back) {
    const cites = back.closest(".answer").querySelector(`a.cite[data-source="${back.dataset.cited}"]`);
    cites?.scrollIntoView({ block: "center" });
    cites?.focus({ preventScroll: true });
    return;
  }
  const sentence = event.target.closest(".sentence[tabindex]");
  if (sentence) showSource(sentence.closest(".answer"), sentence.dataset.sources.split(" ")[0], sentence);
  const mark = event.target.closest("mark[data-sentences]");
  if (mark) sentencesOf(mark)[0]?.scrollIntoView({ block: "center" });
});
document.addEventListener("keydown", (event) => {
  if (!["Enter", " "].includes(event.key) || !event.target.matches?.(".sentence[tabindex], mark[data-sentences]")) return;
  event.preventDefault();
  event.target.click();
});

/** Bring a source into view, its abstract open, and light what a sentence quotes of it. */
function showSource(answer, number, sentence) {
  const source = answer?.querySelector(`.source[data-source="${number}"]`);
  if (!source) return;
  const abstract = source.querySelector("details");
  if (abstract) abstract.open = true;
  light(answer, sentence?.dataset.sentence);
  if (sentence) marksOf(answer, sentence.dataset.sentence)[0]?.scrollIntoView({ block: "nearest" });
  else {
    source.scrollIntoView({ block: "nearest" });
    source.focus({ preventScroll: true });
  }
}
function marksOf(answer, sentence) {
  return [...answer.querySelectorAll("mark[data-sentences]")].filter((mark) => mark.dataset.sentences.split(" ").includes(sentence));
}
function sentencesOf(mark) {
  const numbers = mark.dataset.sentences.split(" ");
  return [...mark.closest(".answer").querySelectorAll(".sentence")].filter((each) => numbers.includes(each.dataset.sentence));
}
function light(answer, sentence) {
  for (const each of answer.querySelectorAll(".lit")) each.classList.remove("lit");
  if (sentence === undefined) return;
  for (const mark of marksOf(answer, sentence)) {
    mark.classList.add("lit");
    mark.closest(".source").classList.add("lit"); // its abstract may be closed
  }
}
for (const kind of ["mouseover", "focusin"]) {
  document.addEventListener(kind, (event) => {
    const answer = event.target.closest(".answer");
    if (!answer) return;
    const sentence = event.target.closest(".sentence[tabindex]");
    const mark = event.target.closest("mark[data-sentences]");
    if (sentence) light(answer, sentence.dataset.sentence);
    else if (mark) {
      light(answer, undefined);
      for (const each of sentencesOf(mark)) each.classList.add("lit");
    }
  });
}
