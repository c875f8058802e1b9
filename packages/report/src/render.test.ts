import { createHash } from 'node:crypto';
import { type Analysis, defined, type MatrixRow } from '@alphalora/contracts';
import { type DefaultTreeAdapterTypes, parse } from 'parse5';
import { describe, expect, it } from 'vitest';
import { renderReport } from './render.js';
import { script, scriptHash } from './script.js';
import { step } from './sections/heat-map.js';
import { allocationOf, analysisOf, scoresOf } from './test-support/documents.js';

type Element = DefaultTreeAdapterTypes.Element;
type Node = DefaultTreeAdapterTypes.Node;

/** The elements of a page; a fault of its markup is a failure. */
function elementsOf(page: string): Element[] {
  const errors: string[] = [];
  const document = parse(page, {
    onParseError: ({ code, startLine }) => errors.push(`${code} in line ${startLine}`),
  });
  expect(errors).toEqual([]);
  const all: Element[] = [];
  const visit = (node: Node): void => {
    if ('tagName' in node) all.push(node);
    if ('childNodes' in node) node.childNodes.forEach(visit);
  };
  visit(document);
  return all;
}

function textOf(node: Node): string {
  if ('value' in node) return node.value;
  return 'childNodes' in node ? node.childNodes.map(textOf).join('') : '';
}

const attribute = (element: Element, name: string): string | undefined =>
  element.attrs.find((attr) => attr.name === name)?.value;
const named = (elements: readonly Element[], tag: string): Element[] =>
  elements.filter(({ tagName }) => tagName === tag);
/** Whole pages make no readable differences. */
const contains = (text: string, part: string): void => expect(text.includes(part), part).toBe(true);
const lacks = (text: string, part: string): void => expect(text.includes(part), part).toBe(false);
/** All that is shown, in one line. */
const shown = (page: string): string =>
  named(elementsOf(page), 'main').map(textOf).join('').replace(/\s+/g, ' ');

const analysis = analysisOf();
const allocation = allocationOf(analysis);
const page = renderReport({ analysis, allocation, tool: { name: 'alphalora', version: '9.8.7' } });
const elements = elementsOf(page);

describe('the page', () => {
  it('has one main heading and no level left out', () => {
    const levels = elements
      .flatMap(({ tagName }) => /^h([1-6])$/.exec(tagName)?.[1] ?? [])
      .map(Number);
    expect(levels.filter((level) => level === 1)).toHaveLength(1);
    for (const [i, level] of levels.entries())
      expect(level).toBeLessThanOrEqual((levels[i - 1] ?? 0) + 1);
  });

  it('has unique identifiers, and every reference leads to one', () => {
    const ids = elements.flatMap((element) => attribute(element, 'id') ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    const references = elements.flatMap((element) => [
      ...(attribute(element, 'href')?.replace(/^#/, '') ?? '').split(' '),
      ...(attribute(element, 'aria-labelledby') ?? '').split(' '),
    ]);
    for (const reference of references.filter((id) => id !== '')) expect(ids).toContain(reference);
  });

  it('has words for every picture', () => {
    const pictures = named(elements, 'svg').filter((svg) => !attribute(svg, 'aria-hidden'));
    // Two of the blocks, three of each of the 28 matrices.
    expect(pictures).toHaveLength(2 + 3 * 28);
    for (const svg of pictures) {
      expect(attribute(svg, 'role')).toBe('img');
      expect(attribute(svg, 'aria-label')).toMatch(/\w+ .*\d/);
    }
  });

  it('has captions and scopes in every table', () => {
    const tables = named(elements, 'table');
    expect(tables.length).toBeGreaterThanOrEqual(4);
    for (const table of tables) {
      expect(
        named(table.childNodes as Element[], 'caption')
          .map(textOf)
          .join(''),
      ).not.toBe('');
    }
    for (const header of named(elements, 'th'))
      expect(attribute(header, 'scope')).toMatch(/^(row|col)$/);
  });

  it('reaches for nothing outside', () => {
    for (const element of elements) {
      for (const { name, value } of element.attrs) {
        expect(['src', 'srcset', 'action', 'data', 'poster', 'style', 'background']).not.toContain(
          name,
        );
        expect(name).not.toMatch(/^on/);
        if (name === 'href') expect(value).toMatch(/^#/);
      }
      expect(['link', 'iframe', 'object', 'embed', 'img', 'base']).not.toContain(element.tagName);
    }
    const styles = named(elements, 'style').map(textOf).join('');
    expect(styles.replaceAll('url(#area)', '')).not.toMatch(/url\(|@import|@font-face/);
    expect(/https?:/i.test(page)).toBe(false);
  });

  it('lets only its own script run', () => {
    const [meta] = elements.filter((element) => attribute(element, 'http-equiv') !== undefined);
    expect(attribute(meta!, 'content')).toContain(`script-src '${scriptHash}'`);
    expect(attribute(meta!, 'content')).toContain("default-src 'none'");
    expect(scriptHash).toBe(`sha256-${createHash('sha256').update(script).digest('base64')}`);
    expect(named(elements, 'script').map(textOf)).toEqual([script]);
  });

  it('has neither the limits nor the words of fits that look for their cut, where it is fixed', () => {
    const looked = shown(page);
    contains(looked, 'under-trained above 6');
    contains(looked, 'fitted again, cut included');
    const options = { ...analysis.options, estimator: 'hill', tailShare: 0.25 };
    const text = shown(renderReport({ analysis: { ...analysis, options }, allocation }));
    contains(text, 'are for fits that look for their cut and do not apply to this fixed cut');
    contains(text, 'The law is fitted to the largest 25 % of the eigenvalues, whether or not');
    contains(text, 'fitted again, always at the fixed cut');
    contains(text, 'Dashed line: an even share of the');
    expect(text).not.toMatch(
      /under-trained above 6|cut included|orange is under-trained|Only the largest eigenvalues|above 8|▴|▾/,
    );
  });

  it('shows the numbers of the documents', () => {
    const text = shown(page);
    for (const row of analysis.matrices) contains(text, row.name);
    for (const block of analysis.blocks) contains(text, block.alpha!.toFixed(2));
    for (const number of [allocation.parameters!.trainable.toLocaleString('en-US'), '10.2 minutes'])
      contains(text, number);
    contains(text, analysis.model.digest!);
    contains(text, 'alphalora 9.8.7');
    contains(
      text,
      'alphalora analyze hf://example/seven-billion --estimator fix-finger --aggregate mean ' +
        '--engine wasm --precision auto --build relaxed --bootstrap 200 --seed 0 -o analysis.json ' +
        'alphalora allocate analysis.json --total 20 --policy alphalora --set beta=2.5 ' +
        '--rounding largest-remainder --min 1 -o allocation.json ' +
        'alphalora report analysis.json allocation.json -o report.html',
    );
  });

  it('is the same for the same documents', () => {
    expect(
      renderReport({ analysis, allocation, tool: { name: 'alphalora', version: '9.8.7' } }),
    ).toBe(page);
  });
});

const hostile = `"'></title></script><img src=x onerror="alert(1)">\u0000\u001B[2J\u202E&amp;`;

it('shows hostile names as text', () => {
  const evil = structuredClone(analysis);
  evil.model = { ...evil.model, source: hostile, architecture: hostile, adapter: hostile };
  evil.tool = { name: hostile, version: hostile };
  evil.options[hostile] = hostile;
  for (const row of evil.matrices) {
    row.name += hostile;
    if (row.role) row.role += hostile;
    if (row.status !== 'ok') row.reason += hostile;
    else row.metrics[hostile] = 1;
  }
  const planned = allocationOf(evil);
  planned.policy = {
    name: hostile,
    version: hostile,
    options: { [hostile]: hostile },
    rule: hostile,
  };
  const text = renderReport({ analysis: evil, allocation: planned, tool: evil.tool });
  const found = elementsOf(text);
  expect(named(found, 'script')).toHaveLength(1);
  expect(named(found, 'img')).toEqual([]);
  expect(found.flatMap(({ attrs }) => attrs).filter(({ name }) => name.startsWith('on'))).toEqual(
    [],
  );
  expect(textOf(named(found, 'h1')[0]!)).toContain('<img src=x onerror="alert(1)">');
  expect(text.includes('\u0000') || text.includes('\u001B')).toBe(false);
});

const blockless = (document: Analysis): Analysis => ({
  ...document,
  model: { ...document.model, blocks: 0 },
  blocks: [],
});

describe('what is missing', () => {
  const without = (change: (row: MatrixRow) => MatrixRow): Analysis => ({
    ...analysis,
    matrices: analysis.matrices.map(change),
    blocks: analysis.blocks.map(({ index, alpha, matrices }) => ({
      index,
      matrices,
      ...defined({ alpha }),
    })),
  });

  it('is said: spectra, intervals, an allocation', () => {
    const bare = without((row) => {
      if (row.status !== 'ok') return row;
      const { spectrum: _, interval: __, draws: ___, ...rest } = row;
      return { ...rest, metrics: {} };
    });
    const text = shown(renderReport({ analysis: bare }));
    contains(text, 'the analysis holds no spectra to draw');
    contains(text, 'the analysis holds no intervals');
    contains(text, 'There is no allocation here');
    lacks(text, 'undefined');
    const planned = {
      ...allocation,
      blocks: allocation.blocks.map(({ robustness: _, ...b }) => b),
    };
    const { robustness: _, parameters: __, ...rest } = planned;
    contains(
      shown(renderReport({ analysis: bare, allocation: rest })),
      'the allocation was not tested by draws',
    );
  });

  it('is not drawn: a spectrum of one value, one cut, no block', () => {
    const flat = without((row) =>
      row.status === 'ok'
        ? { ...row, spectrum: { range: [2, 2], counts: [9], cuts: { tail: [9], alpha: [4] } } }
        : row,
    );
    contains(shown(renderReport({ analysis: flat })), 'All eigenvalues are equal');
    const outside = without(({ block: _, role: __, ...row }) => row as MatrixRow);
    const text = shown(renderReport({ analysis: blockless(outside) }));
    contains(text, 'No block has a measured matrix');
    lacks(renderReport({ analysis: blockless({ ...analysis, matrices: [] }) }), 'NaN');
  });

  it('is listed with its reason', () => {
    const broken = without((row) =>
      row.role === 'v_proj' && row.block === 2
        ? {
            name: row.name,
            shape: row.shape,
            dtype: row.dtype,
            block: 2,
            role: 'v_proj',
            status: 'failed',
            reason: 'contains NaN',
          }
        : row,
    );
    const text = shown(renderReport({ analysis: broken, allocation }));
    contains(text, 'model.layers.2.self_attn.v_proj.weight: contains NaN');
    contains(text, '4 tensors: not a matrix');
    contains(text, '1 matrix could not be measured');
  });

  it('averages the experts of a mixture, and says so', () => {
    const mixture = without((row) => (row.role === 'k_proj' ? { ...row, role: 'q_proj' } : row));
    contains(shown(renderReport({ analysis: mixture })), 'the cell is their mean');
    contains(renderReport({ analysis: mixture }), 'mean of 2 matrices');
    lacks(shown(page), 'the cell is their mean');
  });
});

describe('what is refused', () => {
  const loop: Record<string, unknown> = {};
  loop['own'] = loop;

  const refused = (change: object, other: object = {}): (() => string) => {
    return () =>
      renderReport({
        analysis: { ...analysis, ...change },
        allocation: { ...allocation, ...other },
      });
  };

  it.each([
    ['a part', refused({ shard: { index: 1, count: 2 } }), /part 1 of 2.*alphalora merge/],
    ['another document', refused({ kind: 'allocation' }), /first document is not an analysis/],
    ['another second document', refused({}, { kind: 'analysis' }), /not an allocation/],
    [
      'markup in a text',
      refused({ model: { ...analysis.model, source: { markup: '<b>' } } }),
      /^the first document is not a valid analysis: model\.source must be string$/,
    ],
    [
      'markup in an option',
      refused({}, { policy: { ...allocation.policy, name: { markup: '<b>' } } }),
      /^the second document is not a valid allocation: policy\.name must be string$/,
    ],
    [
      'a field that no JSON has',
      refused({ options: { ...analysis.options, limit: 1n } }),
      /options\.limit is of the type bigint/,
    ],
    [
      'an option as deep as a cycle',
      refused({ options: { ...analysis.options, cycle: loop } }),
      /options\.cycle\.own\.own.* is nested more than 64 levels deep/,
    ],
    [
      'a step without a loss',
      () => renderReport({ analysis, training: [{ step: 1 } as never] }),
      /^step 1 is not a step of a training run: it must have required property 'loss'$/,
    ],
    [
      'a tool that is markup',
      () => renderReport({ analysis, tool: { name: { markup: '' }, version: '' } as never }),
      /tool/,
    ],
    ['nothing', () => renderReport({ analysis: null as never }), /its kind is missing/],
    [
      'an allocation of another model',
      refused(blockless({ ...analysis, matrices: [] })),
      /has a block 0, the analysis has not/,
    ],
  ])('%s', (_, render, message) => {
    expect(render).toThrow(
      expect.objectContaining({
        code: 'INVALID_DOCUMENT',
        message: expect.stringMatching(message),
      }),
    );
  });
});

it('repeats lists, windows and adapters on the command line, quoted for a shell', () => {
  const special: Analysis = {
    ...analysis,
    model: { ...analysis.model, source: "my model's", adapter: 'adapter' },
    options: {
      estimator: 'ks',
      aggregate: 'mean',
      engine: 'wasm',
      include: ['*.q', 'b'],
      farms: { rows: 1000, ratio: 1.5, windows: 5 },
    },
  };
  const text = shown(renderReport({ analysis: special }));
  contains(
    text,
    "alphalora analyze 'my model'\\''s' --adapter adapter --estimator ks --aggregate mean " +
      "--engine wasm --include '*.q' b --farms-size 1000x1500 --farms-windows 5 -o analysis.json",
  );
  contains(text, 'farmsrows 1000, ratio 1.5, windows 5');
});

it('colours by the steps that the legend names', () => {
  expect(
    [1.99, 2, 2.49, 2.5, 3, 3.5, 4, 5, 6, 6.01, 8, 8.01].map((alpha) => step(alpha, false)),
  ).toEqual([0, 1, 1, 2, 3, 4, 5, 6, 6, 7, 7, 8]);
});

it('stays small for 224 matrices of full size, and looks at each the same number of times', () => {
  const rendered = (blocks: number): { bytes: number; reads: number } => {
    const analysis = analysisOf({ blocks, size: blocks === 32 ? 4096 : 400 });
    const allocation = allocationOf(analysis);
    let reads = 0;
    const observed = analysis.matrices.map(
      (row) =>
        new Proxy(row, {
          get(target, key) {
            reads++;
            return Reflect.get(target, key);
          },
        }),
    );
    const text = renderReport({ analysis: { ...analysis, matrices: observed }, allocation });
    return {
      bytes: new TextEncoder().encode(text).length,
      reads: reads / analysis.matrices.length,
    };
  };
  const [few, many] = [rendered(4), rendered(32)];
  // Measured: 1.9 MB.
  expect(many.bytes).toBeLessThan(2.2e6);
  expect(many.reads).toBeLessThan(1.2 * few.reads);
});

describe('a training run', () => {
  const training = [4, 3, 2].map((loss, i) => ({
    step: i + 1,
    epoch: (i + 1) / 2,
    loss,
    ...(i === 2 && { evaluation: { loss: 2.5 } }),
  }));

  it('has a section with its loss, in words and as a chart', () => {
    const page = renderReport({ analysis, training });
    const text = shown(page);
    contains(text, '3 steps, 1.50 passes over the examples: the loss went from 3.50');
    contains(
      text,
      'On the validation split it was 2.50 first and 2.50 last; lowest 2.50 after step 3.',
    );
    contains(page, '<a href="#training">Training</a>');
  });

  it('leaves no trace where there was none', () => {
    for (const page of [renderReport({ analysis }), renderReport({ analysis, training: [] })]) {
      lacks(page, 'id="training"');
    }
  });
});

describe('scores side by side', () => {
  it('have charts of their ranks, correlations and the largest differences', () => {
    const scores = scoresOf(4);
    const compared = renderReport({ analysis, allocation, scores });
    const text = shown(compared);
    contains(text, 'judged by 3 scores: hill, explained-variance and <i>mine</i>.');
    // Over the blocks one rises where the other falls; 0, 1, 2, 0 against 0 to 3 is
    // scipy.stats.spearmanr's 0.1054.
    contains(
      text,
      'Most alike over the blocks are hill and <i>mine</i> (0.11), least hill and explained-variance (\u22121.00).',
    );
    contains(text, 'hill, <i>mine</i>0.11* 4');
    contains(text, 'fewer than 5 values');
    const charts = named(elementsOf(compared), 'svg').map((svg) => attribute(svg, 'aria-label'));
    expect(charts).toContain(
      'Ranks of 4 blocks by hill: block 3 has the largest score, block 0 the smallest.',
    );
    lacks(compared, '<i>mine');
  });

  it('are left out where there is one', () => {
    const [hill] = scoresOf(4);
    lacks(renderReport({ analysis, scores: [hill!] }), 'side by side');
  });
});
