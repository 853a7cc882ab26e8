// npm run check [-- --only types,lint] [-- --app DIR]
// Every gate of the mini-program; exits 1 when one fails.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compile } from '../preview/compiler/compile.mjs';
import { checkFormat } from './format.mjs';
import { checkImports } from './imports.mjs';
import { checkLint } from './lint.mjs';
import { checkSize } from './size.mjs';
import { checkStyles } from './styles.mjs';
import { checkTypes } from './types.mjs';
import { checkWithOfficialCompilers } from './wcc.mjs';

const project = fileURLToPath(new URL('..', import.meta.url));

/**
 * A gate gets the app folder and returns lines `file:line: message`; none is a pass.
 * @type {Record<string, (app: string) => Promise<string[]> | string[]>}
 */
const GATES = {
  build: async (app) => (await compile(app)).problems,
  types: checkTypes,
  lint: checkLint,
  imports: checkImports,
  styles: checkStyles,
  wcc: checkWithOfficialCompilers,
  size: checkSize,
  format: checkFormat,
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
  const problems = await GATES[name](app);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${problems.length ? 'FAIL' : 'pass'}  ${name.padEnd(8)} ${seconds} s`);
  for (const problem of problems) console.log(`      ${problem}`);
  if (problems.length) process.exitCode = 1;
}
