/** The cache is the one of Python's huggingface_hub: each reads what the other has downloaded. */
import { join } from 'node:path';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, runPython } from '@alphalora/testing/python';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openHubCheckpoint } from '../hub/index.js';
import { fileOf, matrix } from '../test-support/adapters.js';
import { type Hub, startHub } from '../test-support/hub.js';
import { hubCache, openCachedCheckpoint } from './index.js';

describeUnless(pythonLacks('huggingface_hub'), 'the Python package huggingface_hub', () => {
  let hub: Hub;
  const home = temporaryFolder('hf-home');
  beforeAll(async () => {
    hub = await startHub();
    for (const model of ['ours', 'theirs']) {
      await hub.put(`demo/${model}/model.safetensors`, fileOf([matrix('w', [[1, 2]])]));
      await hub.put(`demo/${model}/config.json`, '{"architectures":["X"]}');
    }
  });
  afterAll(() => hub?.close());

  const run = (program: string): string =>
    runPython(program, {
      env: { HF_ENDPOINT: hub.endpoint, HF_HOME: home, HF_HUB_DISABLE_XET: '1' },
    });

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
