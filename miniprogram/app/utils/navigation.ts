/** One way to open a page, whether it is a tab or not. */

const TABS = ['home', 'guides', 'book', 'handbook', 'me'].map((name) => `/pages/${name}/${name}`);

/** A second tap before the page has come must not open it twice. */
let opening = false;

/** `url` may lack the leading slash, as the pages of messages do. A tab cannot carry a query. */
export function open(url: string): void {
  const full = url.startsWith('/') ? url : '/' + url;
  const [path] = full.split('?');
  if (TABS.includes(path)) {
    wx.switchTab({ url: path });
    return;
  }
  if (opening) return;
  opening = true;
  wx.navigateTo({
    url: full,
    // WeChat stacks ten pages; who follows links that far goes on in the place of the last one
    fail: () => wx.redirectTo({ url: full }),
    complete: () => {
      opening = false;
    },
  });
}

/** Back to where one came from; to the first tab when this page was opened directly. */
export function back(): void {
  if (getCurrentPages().length > 1) wx.navigateBack();
  else wx.switchTab({ url: TABS[0] });
}
