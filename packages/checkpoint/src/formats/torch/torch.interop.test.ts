/** Files that PyTorch writes are read as `torch.load(weights_only=True)` reads them, value for value. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, runPython } from '@alphalora/testing/python';
import { beforeAll, expect, it } from 'vitest';
import { openCheckpoint } from '../../node/index.js';
import { decodeValues } from '../../values/decode.js';

const lack = pythonLacks('torch', 'numpy');
const folder = temporaryFolder('torch');

/** Each model with what is read of it, as float64, in one file: names and shapes, then the values. */
const program = `
import collections, json, os, torch

torch.manual_seed(0)
def noise(*shape): return torch.randn(shape, dtype=torch.float64)
base = noise(300, 500).float()
views = collections.OrderedDict(
    plain=base, tied=base, transposed=base.t(), rows=base[7:9], columns=base[:, 3:400:3], corner=base[200:, 400:],
    turned=noise(6, 5, 4).permute(2, 0, 1), repeated=noise(7, 1).expand(7, 9), windows=noise(90).unfold(0, 30, 7),
    wide=noise(3, 700_000).t()[1000:1400], scalar=noise(), empty=torch.zeros(3, 0, 2), parameter=torch.nn.Parameter(base[0]),
    buffer=torch.nn.Buffer(noise(3)),
)
types = {str(t).split('.')[1]: (noise(5, 3) * 50).to(t) for t in [
    torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2,
    torch.int64, torch.int32, torch.int16, torch.int8]}
types |= {str(t).split('.')[1]: torch.randint(0, 200, (5, 3)).to(t).t() for t in
    [torch.uint64, torch.uint32, torch.uint16, torch.uint8, torch.bool]}
module = torch.nn.Transformer(16, 2, 1, 1, 32, batch_first=True)
trained = {'epoch': 3, 'args': ('a', b'b', 2**70, {1}), 'state_dict': module.state_dict(), 'size': torch.Size([1]),
    'dtype': torch.bfloat16, 'device': torch.device('cpu'), 'optimizer': {'state': {0: {'exp_avg': noise(9)}}}}

def save(name, content, model=lambda content: content, **options):
    torch.save(content, name, **options)
    read = model(torch.load(name, weights_only=True))
    with open(name + '.values', 'wb') as f:
        for value in read.values(): f.write(value.double().contiguous().detach().numpy().tobytes())
    json.dump([[k, list(v.shape)] for k, v in read.items()], open(name + '.json', 'w'))

for suffix, options in [('.pt', {}), ('.old.pt', {'_use_new_zipfile_serialization': False})]:
    save('views' + suffix, views, **options)
    # What torch.load cannot read from its own old files: types that came after them.
    save('types' + suffix, {k: v for k, v in types.items() if not options or not k.startswith(('float8', 'uint')) or k == 'uint8'}, **options)
    save('trained' + suffix, trained, lambda all: all['state_dict'], **options)

os.makedirs('sharded')
state = module.state_dict()
names = [list(state)[i::2] for i in range(2)]
files = ['pytorch_model-%05d-of-00002.bin' % (i + 1) for i in range(2)]
for file, part in zip(files, names): torch.save({name: state[name] for name in part}, 'sharded/' + file)
json.dump({'metadata': {}, 'weight_map': {name: file for file, part in zip(files, names) for name in part}},
    open('sharded/pytorch_model.bin.index.json', 'w'))
`;

async function expectEqual(file: string, values = file): Promise<void> {
  const shapes = JSON.parse(await readFile(join(folder, `${values}.json`), 'utf8')) as [
    string,
    number[],
  ][];
  const bytes = await readFile(join(folder, `${values}.values`));
  const { tensors, close } = await openCheckpoint(join(folder, file));
  expect(tensors.map(({ name }) => name).sort()).toEqual(shapes.map(([name]) => name).sort());
  let at = 0;
  for (const [name, shape] of shapes) {
    const tensor = tensors.find((each) => each.name === name)!;
    const count = shape.reduce((a, b) => a * b, 1);
    const expected = decodeValues(bytes.subarray(at, at + 8 * count), 'F64');
    expect([name, tensor.shape]).toEqual([name, shape]);
    const found = Float64Array.from(await tensor.read());
    // Not a number is equal to itself here, as bytes are.
    expect([name, Buffer.compare(Buffer.from(found.buffer), Buffer.from(expected.buffer))]).toEqual(
      [name, 0],
    );
    at += 8 * count;
  }
  await close();
}

describeUnless(lack, 'PyTorch', () => {
  beforeAll(() => {
    runPython(program, { cwd: folder });
  }, 120_000);

  it.each(['views', 'types', 'trained'].flatMap((name) => [`${name}.pt`, `${name}.old.pt`]))(
    '%s is read as torch.load reads it',
    (file) => expectEqual(file),
  );

  it('a folder of shards is read as the whole', () => expectEqual('sharded', 'trained.pt'));
});
