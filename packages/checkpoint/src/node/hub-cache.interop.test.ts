/** The cache is the one of Python's huggingface_hub: each reads what the other has downloaded. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openHubCheckpoint } from '../hub/index.js';
import { fileOf, matrix } from '../test-support/adapters.js';
import { type Hub, startHub } from '../test-support/hub.js';
import { hubCache, openCachedCheckpoint } from './index.js';

const python = process.env['ALPHALORA_PYTHON'] ?? 'python3';
const available = spawnSync(python, ['-c', 'import huggingface_hub']).status === 0;
const reason = available
  ? ''
  : ` (skipped: ${python} has no huggingface_hub; set ALPHALORA_PYTHON)`;

describe.skipIf(!available)(`the Python package huggingface_hub${reason}`, () => {
  let hub: Hub;
  let home: string;
  beforeAll(async () => {
    hub = await startHub();
    home = await mkdtemp(join(tmpdir(), 'alphalora-hf-home-'));
    for (const model of ['ours', 'theirs']) {
      await hub.put(`demo/${model}/model.safetensors`, fileOf([matrix('w', [[1, 2]])]));
      await hub.put(`demo/${model}/config.json`, '{"architectures":["X"]}');
    }
  });
  afterAll(async () => {
    await hub?.close();
    await rm(home, { recursive: true, force: true });
  });

  /** Runs a program and returns what it prints. */
  function run(program: string): string {
    const { status, stdout, stderr } = spawnSync(python, ['-c', program], {
      encoding: 'utf8',
      env: {
        ...process.env,
        HF_ENDPOINT: hub.endpoint,
        HF_HOME: home,
        HF_HUB_DISABLE_XET: '1',
      },
    });
    if (status !== 0) throw new Error(stderr);
    return stdout;
  }

  it('finds what we downloaded', async () => {
    const local = hubCache({ folder: join(home, 'hub'), download: true });
    const ours = await openHubCheckpoint('hf://demo/ours', { endpoint: hub.endpoint, local });
    await ours.close();
    const found = run(`
from huggingface_hub import snapshot_download, scan_cache_dir
print(snapshot_download("demo/ours", local_files_only=True))
repository, = [repo for repo in scan_cache_dir().repos if repo.repo_id == "demo/ours"]
print(repository.nb_files, [sorted(revision.refs) for revision in repository.revisions])
`);
    const commit = /@([0-9a-f]{40})$/.exec(ours.source)![1];
    expect(found).toContain(join(home, 'hub/models--demo--ours/snapshots', commit!));
    expect(found).toContain("2 [['main']]");
  });

  it('downloads what we find', async () => {
    run('from huggingface_hub import snapshot_download; snapshot_download("demo/theirs")');
    const theirs = await openCachedCheckpoint('hf://demo/theirs', { folder: join(home, 'hub') });
    expect([...(await theirs.tensors[0]!.read())]).toEqual([1, 2]);
    await theirs.close();
  });
});
