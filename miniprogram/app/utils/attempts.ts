import { sentence } from './messages';

interface ActingPage {
  data: { busy: boolean; problem: string };
  setData(data: { busy?: boolean; problem?: string }): void;
}

/** One act of a page at a time; what goes wrong is said where the page shows its `problem`. */
export async function attempt(page: ActingPage, act: () => Promise<void>): Promise<void> {
  if (page.data.busy) return;
  page.setData({ busy: true, problem: '' });
  try {
    await act();
  } catch (error) {
    page.setData({ problem: sentence(error) });
  } finally {
    page.setData({ busy: false });
  }
}
