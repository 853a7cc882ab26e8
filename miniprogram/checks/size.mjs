import fs from 'node:fs';
import esbuild from 'esbuild';
import { filesBelow, nameOf } from './files.mjs';

const MOST_BYTES = 1.5 * 1024 * 1024; // WeChat refuses a package over 2 MB; room to grow
const SHOWN = 5;

/** What is uploaded, TypeScript compiled, must stay well below WeChat's limit. */
export function checkSize(app) {
  const sizes = filesBelow(app)
    .map((file) => [nameOf(app, file), uploadedBytes(file)])
    .sort(([, one], [, other]) => other - one);
  const total = sizes.reduce((sum, [, bytes]) => sum + bytes, 0);
  if (total <= MOST_BYTES) return [];
  const largest = sizes.slice(0, SHOWN).map(([name, bytes]) => `${name}: ${kilobytes(bytes)}`);
  return [`${kilobytes(total)} are more than ${kilobytes(MOST_BYTES)}; the largest:`, ...largest];
}

function uploadedBytes(file) {
  if (!file.endsWith('.ts')) return fs.statSync(file).size;
  const source = fs.readFileSync(file, 'utf8');
  try {
    const { code } = esbuild.transformSync(source, { loader: 'ts', format: 'cjs' });
    return Buffer.byteLength(code);
  } catch {
    return Buffer.byteLength(source); // a syntax error is for the other gates to tell
  }
}

const kilobytes = (bytes) => `${Math.ceil(bytes / 1024)} kB`;
