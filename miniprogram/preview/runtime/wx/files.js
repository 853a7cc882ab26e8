// Files: into a temporary place, onto the screen, into a chat and out of one.
import { showDocument } from '../dialogs/documents.js';
import { serverUrl } from '../location.js';
import { asynchronous } from './call.js';
import { reach } from './network.js';

/** Temporary path → what lies there; gone with the page, as WeChat's are with the session. */
const kept = new Map();

function keep(blob) {
  const path = URL.createObjectURL(blob);
  kept.set(path, blob);
  return path;
}

function lies(filePath) {
  const found = kept.get(filePath);
  if (!found) throw new Error(`no such file or directory, open "${filePath}"`);
  return found;
}

async function downloadFile({ url, header }) {
  const response = await reach(new URL(serverUrl(url)), { headers: header });
  return { statusCode: response.status, tempFilePath: keep(await response.blob()) };
}

async function openDocument({ filePath, fileType }) {
  lies(filePath);
  if (!['doc', 'docx', 'xls', 'xlsx', 'ppt', 'pptx', 'pdf'].includes(fileType))
    throw new Error('filetype not supported');
  showDocument(filePath, fileType); // WeChat's answer does not wait for it to be closed
}

/** The browser's own downloads stand for the chat. */
async function shareFileMessage({ filePath, fileName }) {
  const link = document.createElement('a');
  Object.assign(link, { href: URL.createObjectURL(lies(filePath)), download: fileName });
  link.click();
}

function chooseMessageFile({ extension = [] }) {
  return new Promise((resolve, reject) => {
    const input = document.createElement('input');
    input.type = 'file';
    input.accept = extension.map((one) => `.${one}`).join(',');
    input.addEventListener('cancel', () => reject(new Error('cancel')));
    input.addEventListener('change', () => {
      const tempFiles = [...input.files].map((file) => ({
        path: keep(file),
        name: file.name,
        size: file.size,
        type: 'file',
        time: Math.floor(file.lastModified / 1000),
      }));
      resolve({ tempFiles });
    });
    input.click();
  });
}

const manager = {
  readFile: asynchronous('readFile', async ({ filePath }) => ({
    data: await lies(filePath).text(),
  })),
};

export const files = {
  downloadFile: asynchronous('downloadFile', downloadFile),
  openDocument: asynchronous('openDocument', openDocument),
  shareFileMessage: asynchronous('shareFileMessage', shareFileMessage),
  chooseMessageFile: asynchronous('chooseMessageFile', chooseMessageFile),
  getFileSystemManager: () => manager,
};
