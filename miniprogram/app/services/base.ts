/** Where the API lives. The one place that knows: everything else writes paths that begin with `/`. */

type Version = 'develop' | 'trial' | 'release';

/**
 * Trial and release need an HTTPS domain that is registered in the WeChat console; the office puts
 * its own here before it uploads. Development speaks to the service on the same machine.
 */
const BASES: Record<Version, string> = {
  develop: 'http://127.0.0.1:8000',
  trial: 'https://trial.chengyu.example',
  release: 'https://chengyu.example',
};

const OVERRIDE = 'api-base';

/** In a development version `wx.setStorageSync('api-base', 'http://127.0.0.1:9000')` points elsewhere. */
export function apiBase(): string {
  const version = wx.getAccountInfoSync().miniProgram.envVersion as Version;
  if (version === 'develop') {
    const override: unknown = wx.getStorageSync(OVERRIDE);
    if (typeof override === 'string' && override) return override + '/api/v1';
  }
  return BASES[version] + '/api/v1';
}
