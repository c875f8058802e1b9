/**
 * The one script of the page: it sorts and filters the table of matrices and opens what is meant for
 * paper. Without it the page lacks nothing else.
 */
export const script: string = `
const table = document.getElementById('all');
const form = document.querySelector('.filter');
if (table && form) {
  const rows = [...table.tBodies];
  const text = (row, column) => row.rows[0].cells[column].textContent.replace('\\u2212', '-');
  const collator = new Intl.Collator('en', { numeric: true });
  const headers = [...table.tHead.rows[0].cells];
  headers.forEach((header, column) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = header.textContent;
    header.replaceChildren(button);
    button.addEventListener('click', () => {
      const sign = header.getAttribute('aria-sort') === 'ascending' ? -1 : 1;
      for (const other of headers) other.removeAttribute('aria-sort');
      header.setAttribute('aria-sort', sign > 0 ? 'ascending' : 'descending');
      const keys = new Map(rows.map((row) => [row, text(row, column)]));
      const compare = (a, b) => parseFloat(a) - parseFloat(b) || collator.compare(a, b);
      rows.sort((a, b) => sign * compare(keys.get(a), keys.get(b)));
      table.append(...rows);
    });
  });
  const filter = () => {
    const { text: name, role, warned } = form.elements;
    const wanted = name.value.trim().toLowerCase();
    let shown = 0;
    for (const row of rows) {
      const fits = text(row, 0).toLowerCase().includes(wanted) &&
        (role.value === '' || row.dataset.role === role.value) &&
        (!warned.checked || 'warned' in row.dataset);
      row.hidden = !fits;
      if (fits) shown++;
    }
    form.querySelector('output').textContent = shown + ' of ' + rows.length + ' shown';
  };
  form.hidden = false;
  form.addEventListener('input', filter);
  form.addEventListener('submit', (event) => event.preventDefault());
}
addEventListener('beforeprint', () => {
  for (const details of document.querySelectorAll('details[data-print]')) details.open = true;
});
`;

/** What the page's policy lets run: this script and no other. A test compares it with the script. */
export const scriptHash: string = 'sha256-5luEWGQOXcsUlHOsqMkwTUPwl8Cx4+BbtmL/+Ma5tUA=';
