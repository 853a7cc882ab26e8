/** light or dark, for what is chosen in code: pictures of the service, and canvas. */

type Theme = 'light' | 'dark';

export function themeNow(): Theme {
  return wx.getAppBaseInfo().theme === 'dark' ? 'dark' : 'light';
}

/** Tells `listener` when the phone changes; returns the way to stop that. */
export function watchTheme(listener: (theme: Theme) => void): () => void {
  const told: WechatMiniprogram.OnThemeChangeCallback = ({ theme }) => listener(theme);
  wx.onThemeChange(told);
  return () => wx.offThemeChange(told);
}
