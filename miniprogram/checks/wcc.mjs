import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { filesBelow, nameOf } from './files.mjs';

const BINARIES = { linux: 'linux', darwin: 'mac', win32: 'windows' };
const SUFFIX = process.platform === 'win32' ? '.exe' : '';
const MOST_OUTPUT = 100 * 1024 * 1024;

/** wcc and wcsc, the compilers of WeChat's own tools (2020), take every template and sheet. */
export function checkWithOfficialCompilers(app) {
  const files = filesBelow(app).map((file) => `./${path.relative(app, file)}`);
  const ending = (...endings) => files.filter((file) => endings.includes(path.extname(file)));
  return [
    ...compileWith('wcc', app, ending('.wxml', '.wxs')),
    ...compileWith('wcsc', app, ending('.wxss')),
  ];
}

function compileWith(tool, app, files) {
  const done = run(tool, app, files);
  if (done.error) {
    if (process.env.CHENGYU_ALLOW_NO_WCC === '1') return [];
    return [
      `${tool} was not run here: ${done.error.message}. It needs Linux on x86-64; ` +
        'CHENGYU_ALLOW_NO_WCC=1 lets this gate pass without it.',
    ];
  }
  if (done.status === 0) return [];
  const said = `${done.stderr}\n${done.signal ? '' : done.stdout.slice(0, 2000)}`;
  const located = [...said.matchAll(/(\.\/[^\s:(]+)[:(](\d+):\d+[):]*\s*(.*)/g)].map(
    ([, file, line, message]) =>
      `${nameOf(app, path.join(app, file))}:${line}: ${tool}: ${message}`,
  );
  const ended = done.signal ?? `exit ${done.status}`;
  return located.length ? located : [`${tool} ended with ${ended}: ${said.trim().slice(0, 500)}`];
}

function run(tool, app, files) {
  const folder = BINARIES[process.platform];
  if (!folder) return { error: new Error(`no binary for ${process.platform}`) };
  const home = path.dirname(
    createRequire(import.meta.url).resolve('miniprogram-compiler/package.json'),
  );
  const binary = path.join(home, 'bin', folder, tool + SUFFIX);
  fs.chmodSync(binary, 0o755); // the package brings them without the bit
  return spawnSync(binary, files, { cwd: app, encoding: 'utf8', maxBuffer: MOST_OUTPUT });
}
