/** Small things this phone remembers for its owner, apart from answers of the service. */

const PREFIX = 'remembered:';
const NAMES = ['searches', 'without', 'growth-standard'] as const;
type Name = (typeof NAMES)[number];

export function remembered(name: Name): string[] {
  const stored: unknown = wx.getStorageSync(PREFIX + name);
  return Array.isArray(stored) ? stored.map(String) : [];
}

/** A full storage forgets it; that breaks nothing. */
export function remember(name: Name, words: string[]): void {
  try {
    wx.setStorageSync(PREFIX + name, words);
  } catch {
    wx.removeStorageSync(PREFIX + name);
  }
}

export function forgetRemembered(): void {
  for (const name of NAMES) wx.removeStorageSync(PREFIX + name);
}
