/**
 * The platforms that there are binaries for, by the end of their package's name. `zigbuild` is the C
 * library whose version the binary makes do with; `flags` are rustc's.
 */
export const platforms = {
  'linux-x64-gnu': {
    ...{ os: 'linux', cpu: 'x64', libc: 'glibc' },
    ...{ target: 'x86_64-unknown-linux-gnu', zigbuild: '2.17' },
  },
  'linux-arm64-gnu': {
    ...{ os: 'linux', cpu: 'arm64', libc: 'glibc' },
    ...{ target: 'aarch64-unknown-linux-gnu', zigbuild: '2.17' },
  },
  // A library that a program loads cannot bring a C library of its own.
  'linux-x64-musl': {
    ...{ os: 'linux', cpu: 'x64', libc: 'musl' },
    ...{
      target: 'x86_64-unknown-linux-musl',
      zigbuild: '',
      flags: '-C target-feature=-crt-static',
    },
  },
  'linux-arm64-musl': {
    ...{ os: 'linux', cpu: 'arm64', libc: 'musl' },
    ...{
      target: 'aarch64-unknown-linux-musl',
      zigbuild: '',
      flags: '-C target-feature=-crt-static',
    },
  },
  'darwin-x64': { os: 'darwin', cpu: 'x64', target: 'x86_64-apple-darwin' },
  'darwin-arm64': { os: 'darwin', cpu: 'arm64', target: 'aarch64-apple-darwin' },
  'win32-x64-msvc': { os: 'win32', cpu: 'x64', target: 'x86_64-pc-windows-msvc' },
};
