/**
 * Warnings of Node about features that are not settled yet: this program uses one to import what others
 * wrote (`vm`'s main-context loader), and they say nothing about what its user did.
 */
let quiet = false;

export function leaveOutExperimentalWarnings(): void {
  if (quiet) return;
  quiet = true;
  // Without listeners somebody has switched warnings off.
  if (process.listenerCount('warning') === 0) return;
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message }) => {
    if (name !== 'ExperimentalWarning') process.stderr.write(`${name}: ${message}\n`);
  });
}
