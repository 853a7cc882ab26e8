// Pictures: from a canvas, into the album, large on the screen.
import { askForAlbum } from '../dialogs/permissions.js';
import { showPicture } from '../dialogs/pictures.js';
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

export const pictures = {
  canvasToTempFilePath: asynchronous('canvasToTempFilePath', canvasToTempFilePath),
  saveImageToPhotosAlbum: asynchronous('saveImageToPhotosAlbum', saveImageToPhotosAlbum),
  previewImage: asynchronous('previewImage', previewImage),
};
