// wx storage: kept in the browser, apart for each phone.
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

export const storage = { getStorageSync, setStorageSync, removeStorageSync, clearStorageSync };
