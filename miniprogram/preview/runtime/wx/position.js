// Where the phone is, and places on WeChat's map.
import { showMap } from '../dialogs/map.js';
import { askForPosition } from '../dialogs/permissions.js';
import { asynchronous } from './call.js';

const FUZZY = 'getFuzzyLocation';
const SCOPE = 'scope.userFuzzyLocation';
const TIMEOUT_MS = 10_000;
const DENIED_BY_BROWSER = 1; // GeolocationPositionError.PERMISSION_DENIED

/** As in WeChat: who has answered is not asked again, until the settings are changed. */
let allowed;

/** About a kilometre, as WeChat blurs it too. */
const blurred = (degrees) => Math.round(degrees * 100) / 100;

/** @param {object} app the settings of app.json: what is not declared there is refused */
export const position = (app) => ({
  getFuzzyLocation: asynchronous(FUZZY, async () => {
    if (!app.requiredPrivateInfos?.includes(FUZZY))
      throw new Error(
        'the api need to be declared in the requiredPrivateInfos field in app.json/ext.json',
      );
    allowed ??= await askForPosition(app.permission?.[SCOPE]?.desc ?? '');
    if (!allowed) throw new Error('auth deny');
    const { latitude, longitude } = await ofBrowser();
    // WGS 84 whatever was asked for: here GCJ-02 differs by less than the blur
    return { latitude: blurred(latitude), longitude: blurred(longitude) };
  }),
  openLocation: asynchronous('openLocation', async ({ latitude, longitude, name, address }) => {
    if (!Number.isFinite(latitude) || !Number.isFinite(longitude))
      throw new Error('parameter error');
    showMap({ latitude, longitude, name, address }); // WeChat's answer does not wait for it to be closed
  }),
});

/** @returns {Promise<GeolocationCoordinates>} */
function ofBrowser() {
  return new Promise((resolve, reject) => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => resolve(coords),
      ({ code, message }) =>
        reject(
          new Error(
            code === DENIED_BY_BROWSER ? 'system permission denied' : `ERROR_NETWORK ${message}`,
          ),
        ),
      { timeout: TIMEOUT_MS },
    );
  });
}
