import { children } from '../../services/people';
import {
  doctorLinks,
  download,
  handbookGrants,
  importCopy,
  objectTo,
  openLink,
  readCopy,
  revokeLink,
  type BookForm,
  type DoctorLink,
  type HandbookGrant,
  type Imported,
  type OpenedLink,
} from '../../services/take-along';
import { cityDay, momentText, pointText, timeLeft, timeOf } from '../../utils/dates';
import { failed } from '../../utils/failures';
import { sentence } from '../../utils/messages';
import { back } from '../../utils/navigation';

const TICK_MS = 1000;
const NAMES: Record<BookForm, string> = {
  'book.pdf': '手册.pdf',
  export: '手册-澄育.json',
  fhir: '手册-FHIR.json',
};

interface LinkView {
  id: number;
  title: string;
  seen: string;
  open: boolean;
}

interface GrantView {
  id: number;
  office: string;
  title: string;
  asked: string;
  seen: string;
  open: boolean;
}

/** Of one grant; the whole list is in the copy. */
const MOST_LOOKS = 12;

let ticking = 0;
/** What was chosen, until it is confirmed; far too large for a page's data. */
let chosenFile: object = {};

Page({
  data: {
    status: 'loading',
    message: '',
    child: 0,
    childName: '',
    ended: false,
    picture: '',
    expiresAt: '',
    left: '',
    opened: 0,
    links: [] as LinkView[],
    grants: [] as GrantView[],
    busy: '',
    problem: '',
    found: null as Imported | null,
    importProblem: '',
  },

  onLoad(query: Record<string, string | undefined>) {
    this.setData({ child: Number(query.child ?? 0) });
    return this.load();
  },

  onShow() {
    clearInterval(ticking);
    ticking = setInterval(() => this.tick(), TICK_MS);
  },

  onHide() {
    clearInterval(ticking);
  },

  onUnload() {
    clearInterval(ticking);
    chosenFile = {};
  },

  async load() {
    if (this.data.status !== 'ready') this.setData({ status: 'loading' });
    try {
      const child = (await children()).find((one) => one.id === this.data.child);
      if (!child) {
        this.setData({ status: 'empty' });
        return;
      }
      const [links, grants] = await Promise.all([doctorLinks(child.id), handbookGrants(child.id)]);
      this.setData({
        childName: child.name,
        ended: child.departure === 'died',
        links: links.map(linkView),
        grants: grants.map(grantView),
        status: 'ready',
      });
    } catch (error) {
      this.setData(failed(this.data.status, error));
    }
  },

  tick() {
    const { expiresAt, left } = this.data;
    if (!expiresAt) return;
    const now = timeLeft(expiresAt, new Date());
    if (now !== left) this.setData({ left: now });
    if (!now) this.forgetPicture();
  },

  forgetPicture() {
    this.setData({ picture: '', expiresAt: '', left: '', opened: 0 });
    void this.load();
  },

  async show() {
    await this.attempt('show', async () => {
      const made: OpenedLink = await openLink(this.data.child);
      this.setData({
        picture: `data:image/svg+xml;charset=utf-8,${encodeURIComponent(made.qr_svg)}`,
        expiresAt: made.expires_at,
        opened: made.id,
      });
      this.tick();
      await this.load();
    });
  },

  revoke(event: WechatMiniprogram.TouchEvent) {
    return this.takeBack(Number(event.currentTarget.dataset.id));
  },

  revokeShown() {
    return this.takeBack(this.data.opened);
  },

  async takeBack(id: number) {
    await this.attempt('revoke', async () => {
      await revokeLink(this.data.child, id);
      if (id === this.data.opened) this.forgetPicture();
      else await this.load();
      wx.showToast({ title: '已收回，打不开了', icon: 'none' });
    });
  },

  async objectTo(event: WechatMiniprogram.TouchEvent) {
    await this.attempt('object', async () => {
      await objectTo(this.data.child, Number(event.currentTarget.dataset.id));
      await this.load();
      wx.showToast({ title: '已收回，打不开了', icon: 'none' });
    });
  },

  async openPaper() {
    await this.attempt('book.pdf', async () => {
      const filePath = await download(this.data.child, 'book.pdf');
      await wx.openDocument({ filePath, fileType: 'pdf', showMenu: true });
    });
  },

  sendCopy() {
    return this.send('export');
  },

  sendFhir() {
    return this.send('fhir');
  },

  /** Into a chat: WeChat has no other way out for a file that it cannot show. */
  async send(form: BookForm) {
    await this.attempt(form, async () => {
      const filePath = await download(this.data.child, form);
      try {
        await wx.shareFileMessage({ filePath, fileName: this.data.childName + NAMES[form] });
      } catch (error) {
        if (!cancelled(error)) throw error;
      }
    });
  },

  async choose() {
    this.setData({ importProblem: '', found: null });
    try {
      const picked = await wx.chooseMessageFile({ count: 1, type: 'file', extension: ['json'] });
      const [file] = picked.tempFiles;
      this.setData({ busy: 'importing' });
      chosenFile = await readCopy(file.path, file.size);
      this.setData({ found: await importCopy(this.data.child, chosenFile, false) });
    } catch (error) {
      if (!cancelled(error)) this.setData({ importProblem: sentence(error) });
    } finally {
      this.setData({ busy: '' });
    }
  },

  async confirmImport() {
    if (this.data.busy) return;
    this.setData({ busy: 'importing', importProblem: '' });
    try {
      this.setData({ found: await importCopy(this.data.child, chosenFile, true) });
    } catch (error) {
      this.setData({ importProblem: sentence(error) });
    } finally {
      this.setData({ busy: '' });
    }
  },

  dropImport() {
    chosenFile = {};
    this.setData({ found: null, importProblem: '' });
  },

  /** One thing at a time, and what went wrong is said where it happened. */
  async attempt(name: string, act: () => Promise<void>) {
    if (this.data.busy) return;
    this.setData({ busy: name, problem: '' });
    try {
      await act();
    } catch (error) {
      this.setData({ problem: sentence(error) });
    } finally {
      this.setData({ busy: '' });
    }
  },

  finish() {
    back();
  },
});

function linkView(link: DoctorLink): LinkView {
  const state = link.open ? '现在能打开' : link.revoked_at ? '已收回' : '已过期';
  const times = link.seen_at.map(timeOf).join('、');
  return {
    id: link.id,
    title: `${pointText(link.created_at, cityDay(new Date()))} · ${state}`,
    seen: times ? `${times} 有人打开看过` : '没有人打开过',
    open: link.open,
  };
}

function grantView(grant: HandbookGrant): GrantView {
  const today = cityDay(new Date());
  const until = grant.open && grant.ends_at ? `，看到 ${momentText(grant.ends_at, today)}` : '';
  return {
    id: grant.id,
    office: grant.office,
    title: `儿保 · ${grant.why} · ${grant.title}`,
    asked: `${momentText(grant.asked_at, today)} 申请${until}`,
    seen: looksText(grant.looks, today),
    open: grant.open,
  };
}

/** 看过：今天 10:00 接种、生长；今天 10:05 姓名 */
function looksText(looks: HandbookGrant['looks'], today: string): string {
  if (!looks.length) return '没有看过';
  const pages = new Map<string, Set<string>>();
  for (const { at, page } of looks.slice(-MOST_LOOKS)) {
    const moment = momentText(at, today);
    pages.set(moment, (pages.get(moment) ?? new Set()).add(page));
  }
  const told = [...pages].map(([moment, seen]) => `${moment} ${[...seen].join('、')}`);
  const more = looks.length > MOST_LOOKS ? `；一共 ${looks.length} 次` : '';
  return `看过：${told.join('；')}${more}`;
}

function cancelled(error: unknown): boolean {
  const { errMsg } = (typeof error === 'object' && error ? error : {}) as { errMsg?: string };
  return !!errMsg?.includes('cancel');
}
