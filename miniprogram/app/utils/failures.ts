import { sentence } from './messages';

export interface Failed {
  status?: string;
  message?: string;
}

/**
 * What a page does when loading failed: a page that already shows something keeps it and says so
 * for a moment; one that has nothing yet shows the error with a way to try again.
 */
export function failed(status: string, error: unknown): Failed {
  const message = sentence(error);
  if (status !== 'ready') return { status: 'error', message };
  wx.showToast({ title: message, icon: 'none' });
  return {};
}
