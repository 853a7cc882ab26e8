// wx storage: kept in the browser, apart for each phone.
import { asynchronous } from './call.js';
import { phone } from './wechat.js';

const prefix = () => `mini-program:${phone()}:`;
const read = (key) => localStorage.getItem(prefix() + key);
const keys = () =>
  Object.keys(localStorage)
    .filter((key) => key.startsWith(prefix()))
    .map((key) => key.slice(prefix().length));

function getStorageSync(key) {
  const text = read(key);
  return text === null ? '' : JSON.parse(text);
}

function setStorageSync(key, value) {
  localStorage.setItem(prefix() + key, JSON.stringify(value));
}

function removeStorageSync(key) {
  localStorage.removeItem(prefix() + key);
}

function clearStorageSync() {
  for (const key of keys()) removeStorageSync(key);
}

export const storage = {
  getStorageSync,
  setStorageSync,
  removeStorageSync,
  clearStorageSync,
  getStorage: asynchronous('getStorage', ({ key }) => {
    if (read(key) === null) throw new Error('data not found');
    return { data: getStorageSync(key) };
  }),
  setStorage: asynchronous('setStorage', ({ key, data }) => setStorageSync(key, data)),
  removeStorage: asynchronous('removeStorage', ({ key }) => removeStorageSync(key)),
  clearStorage: asynchronous('clearStorage', clearStorageSync),
};
