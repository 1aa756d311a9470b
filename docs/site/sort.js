// A click on a heading, or Enter, sorts its table by that column; a second one the other way round.
const NUMBER = /^[+−-]?[\d,.]+(e[+-]?\d+)?/;
const key = (row, column) => {
  const text = row.cells[column]?.textContent.trim() ?? "";
  const number = NUMBER.exec(text);
  return number ? parseFloat(number[0].replace("−", "-").replace(/,(?=\d{3})/g, "")) : text.toLowerCase();
};
const compare = (a, b) => {
  if (typeof a === typeof b) return a < b ? -1 : a > b ? 1 : 0;
  return typeof a === "number" ? -1 : 1;
};
function sort(table, column, heading) {
  const descending = heading.getAttribute("aria-sort") === "ascending";
  for (const each of table.tHead.rows[0].cells) each.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
  const rows = [...table.tBodies[0].rows].map((row) => [key(row, column), row]);
  rows.sort((a, b) => (descending ? -1 : 1) * compare(a[0], b[0]));
  table.tBodies[0].append(...rows.map((each) => each[1]));
}
for (const table of document.querySelectorAll("article table")) {
  if (!table.tHead || !table.tBodies[0] || table.tBodies[0].rows.length < 5) continue;
  [...table.tHead.rows[0].cells].forEach((heading, column) => {
    if (!heading.textContent.trim()) return;
    heading.tabIndex = 0;
    heading.setAttribute("role", "columnheader");
    heading.classList.add("sortable");
    heading.addEventListener("click", () => sort(table, column, heading));
    heading.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        sort(table, column, heading);
      }
    });
  });
}
