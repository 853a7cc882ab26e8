import path from 'node:path';
import ts from 'typescript';
import { filesBelow, nameOf, project } from './files.mjs';

/** tsc, strict, with WeChat's names and without a DOM. */
export function checkTypes(app) {
  const file = path.join(project, 'tsconfig.json');
  const { config } = ts.readConfigFile(file, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(
    { ...config, files: [], include: [] },
    ts.sys,
    project,
  );
  const sources = filesBelow(app).filter((name) => name.endsWith('.ts'));
  const program = ts.createProgram(sources, options);
  return ts.getPreEmitDiagnostics(program).map((diagnostic) => describe(app, diagnostic));
}

function describe(app, { file, start, code, messageText }) {
  const message = `TS${code} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
  if (!file) return message;
  const { line } = file.getLineAndCharacterOfPosition(start);
  return `${nameOf(app, file.fileName)}:${line + 1}: ${message}`;
}
