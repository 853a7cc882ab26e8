// Which server, page and phone this preview is for.

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);
const parameters = new URL(location.href).searchParams;

/** `?phone=ID` fixes the phone, `?font=20` the text size (px) its owner chose in WeChat. */
export const settings = {
  phone: parameters.get('phone'),
  fontSize: Number(parameters.get('font') ?? 16),
};

/**
 * The address that a URL of the mini-program means here: this machine is the server that serves
 * the preview, whatever the port. As on a phone, only absolute URLs are taken, and other hosts
 * are not "registered".
 * Throws an Error with WeChat's wording.
 */
export function serverUrl(url) {
  let parsed;
  try {
    parsed = new URL(url);
  } catch {
    throw new Error('invalid url');
  }
  if (parsed.origin === location.origin) return parsed.href;
  if (!LOOPBACK.has(parsed.hostname)) throw new Error('url not in domain list');
  return location.origin + parsed.pathname + parsed.search;
}

let packageImages = {};

/** @param {Record<string, string>} images path in the package → data: URL */
export function installImages(images) {
  packageImages = images;
}

/** The address of an image: from the package (`/static/a.png`), inline, or from the server. */
export function assetUrl(source) {
  if (/^(data:|blob:)/.test(source)) return source;
  if (/^https?:/.test(source)) return serverUrl(source);
  if (!packageImages[source])
    console.error(
      `[preview] no image "${source}" in the package; name it from the root, /static/…`,
    );
  return packageImages[source] ?? '';
}
