// npm run check [-- --only types,lint] [-- --app DIR]
// Every gate of the mini-program; exits 1 when one fails.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const project = fileURLToPath(new URL('..', import.meta.url));

/**
 * A gate gets the app folder and returns lines `file:line: message`; none is a pass.
 * Each is loaded when it is asked for: some take a second to start.
 * @type {Record<string, () => Promise<(app: string) => string[] | Promise<string[]>>>}
 */
const GATES = {
  build: async () => (await import('./build.mjs')).checkBuild,
  types: async () => (await import('./types.mjs')).checkTypes,
  lint: async () => (await import('./lint.mjs')).checkLint,
  imports: async () => (await import('./imports.mjs')).checkImports,
  styles: async () => (await import('./styles.mjs')).checkStyles,
  wcc: async () => (await import('./wcc.mjs')).checkWithOfficialCompilers,
  size: async () => (await import('./size.mjs')).checkSize,
  format: async () => (await import('./format.mjs')).checkFormat,
};

const { values } = parseArgs({
  options: {
    app: { type: 'string', default: path.join(project, 'app') },
    only: { type: 'string', default: Object.keys(GATES).join(',') },
  },
});
const app = path.resolve(values.app);

for (const name of values.only.split(',')) {
  if (!GATES[name]) throw new Error(`no gate "${name}": ${Object.keys(GATES).join(', ')}`);
  const started = performance.now();
  const gate = await GATES[name]();
  const problems = await gate(app);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${problems.length ? 'FAIL' : 'pass'}  ${name.padEnd(8)} ${seconds} s`);
  for (const problem of problems) console.log(`      ${problem}`);
  if (problems.length) process.exitCode = 1;
}
