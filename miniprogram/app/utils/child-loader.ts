import { children, chosenChild } from '../services/people';
import type { Child } from '../services/types';
import { failed } from './failures';

interface ChildPage {
  data: { status: string };
  setData(data: Record<string, unknown>): void;
}

/** Whether nothing newer has begun: answers for the child chosen before must not be shown. */
export type Current = () => boolean;

/** Fetches and shows what the page is about, and sets its status to ready. */
type Show = (child: Child, all: Child[], isCurrent: Current) => Promise<void>;

/** How a page about the chosen child loads; one for each page, made where the page is. */
export function childLoader() {
  let turn = 0;

  function begin(): Current {
    const mine = ++turn;
    return () => mine === turn;
  }

  /** Without a child the page is empty; a failure is shown unless something newer has begun. */
  async function load(page: ChildPage, show: Show): Promise<void> {
    if (page.data.status !== 'ready') page.setData({ status: 'loading' });
    const isCurrent = begin();
    try {
      const all = await children();
      const child = chosenChild(all);
      if (child) await show(child, all, isCurrent);
      else page.setData({ status: 'empty', child: null });
    } catch (error) {
      if (isCurrent()) page.setData({ ...failed(page.data.status, error) });
    }
  }

  return { begin, load };
}
