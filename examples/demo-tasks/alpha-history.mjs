/**
 * Draws how the alpha of every block moved while the demo model was trained, over the curve of its
 * loss: `alphas.svg` from `alphas.jsonl` and `training.jsonl` of a folder.
 *
 *     node examples/demo-tasks/alpha-history.mjs [folder]      (default: examples/demo-model)
 *
 * Blocks are in the order of their depth from light to dark, each with its number at its last value.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = process.argv[2] ?? fileURLToPath(new URL('../demo-model', import.meta.url));
const alphas = lines('alphas.jsonl');
const curve = lines('training.jsonl');

const width = 720;
const left = 52;
const right = width - 44;
const panels = { alpha: { top: 40, bottom: 330 }, loss: { top: 372, bottom: 470 } };
const height = 510;
/** Blues of equal steps in lightness, the palest still readable on white. */
const [pale, dark] = [
  [126, 182, 230],
  [8, 38, 92],
];

const last = alphas.at(-1).step;
const x = scale([0, last], [left, right]);
const values = alphas.flatMap(({ blocks }) => blocks);
const yAlpha = scale(padded(values), [panels.alpha.bottom, panels.alpha.top]);
const losses = curve.map(({ loss }) => loss);
const yLoss = scale([0, Math.max(...losses)], [panels.loss.bottom, panels.loss.top]);

const count = alphas[0].blocks.length;
const blocks = Array.from({ length: count }, (_, block) => ({
  block,
  colour: colourOf(block / Math.max(1, count - 1)),
  points: alphas.map(({ step, blocks }) => [x(step), yAlpha(blocks[block])]),
}));

writeFileSync(
  join(folder, 'alphas.svg'),
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${label()}" font-family="system-ui, sans-serif" font-size="12" fill="#333">
<rect width="${width}" height="${height}" fill="#fff"/>
<text x="${left}" y="22" font-size="14" font-weight="600">Alpha of each block during training</text>
${axis(yAlpha, ticks(...padded(values)), 'alpha')}
${blocks.map(({ colour, points }) => line(points, colour)).join('\n')}
${labels()}
<text x="${left}" y="${panels.loss.top - 12}" font-weight="600">Training loss (nats per token of the answers)</text>
${axis(yLoss, ticks(0, Math.max(...losses)), 'loss')}
${line(
  curve.map(({ step, loss }) => [x(step), yLoss(loss)]),
  '#555',
)}
${ticks(0, last)
  .map((step) => `<text x="${at(x(step))}" y="${height - 22}" text-anchor="middle">${step}</text>`)
  .join('\n')}
<text x="${(left + right) / 2}" y="${height - 5}" text-anchor="middle">step</text>
</svg>
`,
);

function lines(name) {
  return readFileSync(join(folder, name), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

function scale([low, high], [from, to]) {
  return (value) => from + ((value - low) / (high - low)) * (to - from);
}

function padded(numbers) {
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  return [low - 0.05 * (high - low), high + 0.05 * (high - low)];
}

/** About five round numbers from low to high. */
function ticks(low, high) {
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  const first = Math.ceil(low / step);
  const number = Math.floor(high / step) - first + 1;
  return Array.from({ length: number }, (_, i) => Number(((first + i) * step).toPrecision(6)));
}

function axis(y, marks, title) {
  const rows = marks.map(
    (mark) =>
      `<path d="M${left} ${at(y(mark))}H${right}" stroke="#ddd"/>` +
      `<text x="${left - 8}" y="${at(y(mark) + 4)}" text-anchor="end">${mark}</text>`,
  );
  return `<g aria-label="${title}">${rows.join('')}</g>`;
}

function line(points, colour) {
  const path = points.map(([px, py]) => `${at(px)} ${at(py)}`).join('L');
  return `<path d="M${path}" fill="none" stroke="${colour}" stroke-width="2" stroke-linejoin="round"/>`;
}

/** The number of each block beside its last value, moved apart where values are close. */
function labels() {
  const ends = blocks
    .map(({ block, colour, points }) => ({ block, colour, y: points.at(-1)[1] }))
    .sort((a, b) => a.y - b.y);
  for (let i = 1; i < ends.length; i++) ends[i].y = Math.max(ends[i].y, ends[i - 1].y + 11);
  // Those that were moved beyond the bottom go up again, with those that they then touch.
  let limit = panels.alpha.bottom + 10;
  for (const end of ends.toReversed()) {
    end.y = Math.min(end.y, limit);
    limit = end.y - 11;
  }
  return ends
    .map(({ block, colour, y }) => {
      const place = `x="${right + 8}" y="${at(y + 4)}"`;
      return `<text ${place} fill="${colour}" font-size="11" font-weight="600">${block}</text>`;
    })
    .join('\n');
}

function colourOf(depth) {
  return `rgb(${pale.map((one, i) => Math.round(one + depth * (dark[i] - one))).join(',')})`;
}

function label() {
  const [before, after] = [alphas[0], alphas.at(-1)].map(({ blocks }) =>
    blocks.map((alpha) => alpha.toFixed(2)).join(', '),
  );
  return `Alpha of blocks 0 to ${count - 1} before training: ${before}; after: ${after}.`;
}

function at(position) {
  return Number(position.toFixed(1));
}
