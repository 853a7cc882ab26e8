// What is wrong with the app, collected so that one run reports everything.
import fs from 'node:fs';
import path from 'node:path';

/** Collects `file:line: message` lines; files are named relative to the app's parent folder. */
export class Problems {
  /** @param {string} root absolute path of the app folder */
  constructor(root) {
    this.root = root;
    /** @type {string[]} */
    this.lines = [];
  }

  /**
   * @param {string} file path relative to the app folder, or absolute
   * @param {string} message
   * @param {{line?: number, at?: string}} [where] a line, or a text whose first line is meant
   */
  add(file, message, where = {}) {
    const line = where.line ?? (where.at ? this.lineOf(file, where.at) : undefined);
    const text = `${this.name(file)}${line ? `:${line}` : ''}: ${message}`;
    if (!this.lines.includes(text)) this.lines.push(text);
  }

  /** @param {string} file */
  name(file) {
    const absolute = path.resolve(this.root, file);
    return path.relative(path.dirname(this.root), absolute).split(path.sep).join('/');
  }

  /** Line of the first occurrence of `text`, or undefined where the file does not hold it. */
  lineOf(file, text) {
    const absolute = path.resolve(this.root, file);
    if (!fs.existsSync(absolute)) return undefined;
    const source = fs.readFileSync(absolute, 'utf8');
    const at = source.indexOf(text);
    return at < 0 ? undefined : lineAt(source, at);
  }
}

/** 1-based line number of a character offset. */
export function lineAt(source, offset) {
  return source.slice(0, offset).split('\n').length;
}
