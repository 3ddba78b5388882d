
"use strict";
// A click on an operation marks its line in the source, and a click on a line the operations that it asked for.
// Without this script the same links jump to the line.
const marked = (classes) => document.querySelectorAll(classes);
const show = (line) => {
  const pane = line.closest(".source");
  const top = line.getBoundingClientRect().top - pane.getBoundingClientRect().top;
  pane.scrollTop += top - pane.clientHeight / 2;
  pane.scrollLeft = 0;
};
const choose = (line, operations) => {
  marked(".marked").forEach((element) => element.classList.remove("marked"));
  marked(".chosen").forEach((element) => element.classList.remove("chosen"));
  line.classList.add("marked");
  operations.forEach((operation) => operation.classList.add("chosen"));
};
document.addEventListener("click", (event) => {
  const operation = event.target.closest("[data-line]");
  const row = event.target.closest(".row");
  if (operation) {
    const line = document.getElementById(operation.dataset.line);
    event.preventDefault();
    choose(line, [operation]);
    show(line);
  } else if (row) {
    choose(row, marked(`[data-line="${row.id}"]`));
  }
});
marked(".source").forEach((pane) => {
  const line = pane.querySelector(".row.fails") ?? pane.querySelector(".row.used");
  if (line) show(line);
});
