// node preview/build.mjs [--check] [appDir] [outDir]
// Compiles a native mini-program into a browser page; --check only reports problems.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compile } from './compiler/compile.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const { values, positionals } = parseArgs({
  options: { check: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const [appDir = path.join(here, '../app'), outDir = path.join(here, 'dist')] = positionals;

const started = performance.now();
const { app, problems, outputs } = await compile(appDir);
for (const problem of problems) console.error(problem);
if (!values.check && outputs.some((file) => file.path === 'app.js')) write(outDir, outputs);
const took = Math.round(performance.now() - started);
console.log(
  `${app.pages.length} pages, ${app.units.size - app.pages.length} components, ` +
    `${problems.length} problems, ${took} ms`,
);
process.exitCode = problems.length ? 1 : 0;

/** Put a finished build in place of the last one, so that a server never sees half of one. */
function write(folder, files) {
  if (fs.existsSync(folder) && !fs.existsSync(path.join(folder, 'app.html')))
    throw new Error(`${folder} is not an earlier build; it stays as it is`);
  const fresh = `${folder}.${process.pid}`;
  for (const { path: name, contents } of files) {
    const target = path.join(fresh, name);
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.writeFileSync(target, contents);
  }
  fs.rmSync(folder, { recursive: true, force: true });
  fs.renameSync(fresh, folder);
}
