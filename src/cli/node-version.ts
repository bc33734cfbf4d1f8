/**
 * Imported before everything else: the libraries in the bundle need Node 22, and without this an old Node answers with
 * a page of minified source.
 */
const major = Number(process.versions.node.split('.')[0]);
if (major < 22) {
  process.stderr.write(
    `certkeep: Node ${process.versions.node} is too old; it needs Node 22 or newer (24 is what it is tested with).\n`,
  );
  process.exit(2);
}
