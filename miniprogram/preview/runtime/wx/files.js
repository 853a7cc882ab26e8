// Files: onto the screen, and out of a chat. `network` fetches them, `pictures` sends them on.
import { showDocument } from '../dialogs/documents.js';
import { asynchronous } from './call.js';

/** Temporary paths are the browser's; they go with the page, as WeChat's with the session. */
async function lies(filePath) {
  try {
    return await (await fetch(filePath)).blob();
  } catch {
    throw new Error(`no such file or directory, open "${filePath}"`);
  }
}

async function openDocument({ filePath, fileType }) {
  await lies(filePath);
  if (!['doc', 'docx', 'xls', 'xlsx', 'ppt', 'pptx', 'pdf'].includes(fileType))
    throw new Error('filetype not supported');
  showDocument(filePath, fileType); // WeChat's answer does not wait for it to be closed
}

function chooseMessageFile({ extension = [] }) {
  return new Promise((resolve, reject) => {
    const input = document.createElement('input');
    input.type = 'file';
    input.accept = extension.map((one) => `.${one}`).join(',');
    input.addEventListener('cancel', () => reject(new Error('cancel')));
    input.addEventListener('change', () => {
      const tempFiles = [...input.files].map((file) => ({
        path: URL.createObjectURL(file),
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
    data: await (await lies(filePath)).text(),
  })),
};

export const files = {
  openDocument: asynchronous('openDocument', openDocument),
  chooseMessageFile: asynchronous('chooseMessageFile', chooseMessageFile),
  getFileSystemManager: () => manager,
};
