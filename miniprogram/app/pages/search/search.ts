import { search } from '../../services/guides';
import { children, chosenChild } from '../../services/people';
import { remember, remembered } from '../../services/remembered';
import type { Hit, Marked } from '../../services/library-types';
import { sentence } from '../../utils/messages';
import { open } from '../../utils/navigation';
import { pieceUrl, reviewText } from '../../utils/pieces';

interface Part extends Marked {
  key: number;
}

interface HitView {
  slug: string;
  url: string;
  title: Part[];
  snippet: Part[];
  kind: string;
  age: string;
  review: string;
  label: string;
}

const POPULAR = [
  '发烧',
  '辅食',
  '睡觉',
  '拉肚子',
  '补铁',
  '过敏',
  '黄疸',
  '挤奶',
  '不吃饭',
  '摔倒',
  '看手机',
  '便秘',
];
const WAIT_MS = 250;
const MOST_RECENT = 10;

/** Answers to older words must not overwrite those to newer ones. */
let turn = 0;
let waiting = 0;

Page({
  data: {
    /** ideas: nothing is typed yet. */
    status: 'ideas',
    message: '',
    typed: '',
    ageDays: undefined as number | undefined,
    popular: POPULAR,
    recent: [] as string[],
    hits: [] as HitView[],
    near: [] as string[],
  },

  async onLoad(query: Record<string, string | undefined>) {
    this.setData({ recent: remembered('searches') });
    const age = await children().then(
      (all) => chosenChild(all)?.age_days,
      () => undefined,
    );
    this.setData({ ageDays: age });
    const words = decodeURIComponent(query.q ?? '');
    if (words) this.ask(words);
  },

  onUnload() {
    clearTimeout(waiting);
    turn += 1;
  },

  type(event: WechatMiniprogram.Input) {
    const typed = event.detail.value;
    this.setData({ typed });
    clearTimeout(waiting);
    if (typed.trim()) waiting = setTimeout(() => this.load(), WAIT_MS);
    else this.clear();
  },

  /** The search key of the keyboard does not wait. */
  confirm() {
    clearTimeout(waiting);
    if (!this.data.typed.trim()) return;
    this.remember();
    void this.load();
  },

  clear() {
    clearTimeout(waiting);
    turn += 1;
    this.setData({ typed: '', status: 'ideas', hits: [], near: [] });
  },

  choose(event: WechatMiniprogram.TouchEvent) {
    this.ask(String(event.currentTarget.dataset.words));
  },

  ask(typed: string) {
    this.setData({ typed });
    this.confirm();
  },

  async load() {
    const words = this.data.typed.trim();
    const mine = ++turn;
    if (this.data.status !== 'ready') this.setData({ status: 'loading' });
    try {
      const { items, near } = await search(words, this.data.ageDays);
      if (mine !== turn) return;
      const status = items.length ? 'ready' : 'nothing';
      this.setData({ hits: items.map(hitView), near, status });
    } catch (error) {
      if (mine === turn) this.setData({ status: 'error', message: sentence(error) });
    }
  },

  openHit(event: WechatMiniprogram.TouchEvent) {
    this.remember();
    open(String(event.currentTarget.dataset.url));
  },

  remember() {
    const words = this.data.typed.trim();
    this.keep([words, ...this.data.recent.filter((one) => one !== words)].slice(0, MOST_RECENT));
  },

  forget(event: WechatMiniprogram.TouchEvent) {
    const { words } = event.currentTarget.dataset as { words: string };
    this.keep(this.data.recent.filter((one) => one !== words));
  },

  forgetAll() {
    this.keep([]);
  },

  keep(recent: string[]) {
    this.setData({ recent });
    remember('searches', recent);
  },
});

function part(marked: Marked, key: number): Part {
  return { ...marked, key };
}

function hitView(hit: Hit): HitView {
  const kind = hit.kind === 'recipe' ? '菜谱' : hit.series_title;
  const review = reviewText(hit.review);
  return {
    slug: hit.slug,
    url: pieceUrl(hit),
    title: hit.title_marked.map(part),
    snippet: hit.snippet.map(part),
    kind,
    age: hit.age_text,
    review,
    label: [hit.title, kind, `适合${hit.age_text}`, review].filter(Boolean).join('，'),
  };
}
