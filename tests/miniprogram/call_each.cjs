// Calls exported functions of one module of app/ and prints what they return, as JSON.
// node call_each.cjs MINIPROGRAM MODULE < [[name, [argument, …]], …]
const { readFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const path = require('node:path');

const [root, name] = process.argv.slice(2);
const { buildSync } = createRequire(path.join(root, 'package.json'))('esbuild');
const { outputFiles } = buildSync({
  entryPoints: [path.join(root, 'app', `${name}.ts`)],
  bundle: true,
  format: 'cjs',
  write: false,
});
const made = { exports: {} };
new Function('module', 'exports', outputFiles[0].text)(made, made.exports);
const calls = JSON.parse(readFileSync(0, 'utf8'));
process.stdout.write(JSON.stringify(calls.map(([called, given]) => made.exports[called](...given))));
