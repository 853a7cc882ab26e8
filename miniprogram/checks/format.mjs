import fs from 'node:fs';
import path from 'node:path';
import prettier from 'prettier';
import { filesBelow, judged, nameOf, project } from './files.mjs';

const config = path.join(project, '.prettierrc.json');
const UNTOUCHED = new Set(['package-lock.json']); // npm writes it

/** Everything as Prettier writes it; `npm run format` puts it right. */
export async function checkFormat(app) {
  const problems = [];
  for (const file of filesBelow(judged(app))) {
    if (UNTOUCHED.has(path.basename(file))) continue;
    const { inferredParser } = await prettier.getFileInfo(file);
    const options = await prettier.resolveConfig(file, { config });
    if (!inferredParser && !options?.parser) continue;
    const source = fs.readFileSync(file, 'utf8');
    const problem = await difference(source, { ...options, filepath: file });
    if (problem) problems.push(`${nameOf(app, file)}:${problem}`);
  }
  return problems;
}

async function difference(source, options) {
  let formatted;
  try {
    formatted = await prettier.format(source, options);
  } catch (error) {
    return `${error.loc?.start?.line ?? 1}: ${error.message.split('\n')[0]}`;
  }
  if (formatted === source) return undefined;
  const wanted = formatted.split('\n');
  const line = source.split('\n').findIndex((text, index) => text !== wanted[index]);
  return `${line + 1}: not as Prettier writes it; npm --prefix miniprogram run format`;
}
