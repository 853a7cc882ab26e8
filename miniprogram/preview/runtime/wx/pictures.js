// Pictures: chosen, from a canvas, into the album, large on the screen.
import { askForAlbum } from '../dialogs/permissions.js';
import { showPicture, showShared } from '../dialogs/pictures.js';
import { asynchronous } from './call.js';

/** As in WeChat: who refused once is not asked again, until the settings are changed. */
let albumRefused = false;

async function canvasToTempFilePath({ canvas, fileType = 'png', quality = 1 }) {
  if (!canvas) throw new Error('fail canvas is empty');
  const blob = await new Promise((resolve) =>
    canvas.toBlob(resolve, fileType === 'jpg' ? 'image/jpeg' : 'image/png', quality),
  );
  if (!blob) throw new Error('create bitmap failed');
  return { tempFilePath: URL.createObjectURL(blob) };
}

async function saveImageToPhotosAlbum({ filePath }) {
  if (!filePath) throw new Error('file not exists');
  albumRefused = albumRefused || !(await askForAlbum());
  if (albumRefused) throw new Error('auth deny');
}

async function previewImage({ urls, current = urls[0] }) {
  showPicture(current); // WeChat's answer does not wait for it to be closed
}

/** The browser's own window for choosing files stands for album and camera. */
async function chooseMedia({ count = 9, mediaType = ['image', 'video'] } = {}) {
  const files = await chosenFiles(mediaType.map((kind) => `${kind}/*`).join(), count > 1);
  if (!files.length) throw new Error('cancel');
  const tempFiles = files.slice(0, count).map((file) => ({
    tempFilePath: URL.createObjectURL(file),
    size: file.size,
    fileType: file.type.split('/')[0],
  }));
  return { tempFiles, type: tempFiles[0].fileType };
}

/** @returns {Promise<File[]>} */
function chosenFiles(accept, multiple) {
  return new Promise((resolve) => {
    const input = document.createElement('input');
    Object.assign(input, { type: 'file', accept, multiple });
    input.addEventListener('change', () => resolve([...input.files]));
    input.addEventListener('cancel', () => resolve([]));
    input.click();
  });
}

async function shareFileMessage({ filePath, fileName = '文件' }) {
  if (!filePath) throw new Error('file not exists');
  const sent = await showShared({ title: fileName, path: filePath });
  if (!sent) throw new Error('cancel');
}

export const pictures = {
  chooseMedia: asynchronous('chooseMedia', chooseMedia),
  shareFileMessage: asynchronous('shareFileMessage', shareFileMessage),
  canvasToTempFilePath: asynchronous('canvasToTempFilePath', canvasToTempFilePath),
  saveImageToPhotosAlbum: asynchronous('saveImageToPhotosAlbum', saveImageToPhotosAlbum),
  previewImage: asynchronous('previewImage', previewImage),
};
