import { consents, giveConsents } from '../../services/people';
import type { Consents, Purpose, RichNode } from '../../services/types';
import { sentence } from '../../utils/messages';
import { back } from '../../utils/navigation';
import { styled } from '../../utils/nodes';

interface DocumentView {
  purpose: Purpose;
  version: string;
  hash: string;
  title: string;
  nodes: RichNode[];
  ticked: boolean;
  open: boolean;
}

const WHY: Record<string, string> = {
  address: '填写地址前',
  priority: '申请优先前',
  pregnancy: '用孕期手册前',
  diary: '写成长日记前',
};

/** What may still be missing beside the one text: a pregnancy can be there before any child. */
const ALONG: Record<string, Purpose[]> = { pregnancy: ['privacy'] };

Page({
  data: {
    status: 'loading',
    message: '',
    /** The purpose of the one document to read again; empty when consent is asked for. */
    read: '',
    /** The purpose of the one document to agree to; empty when all needed ones are asked for. */
    ask: '',
    next: '',
    /** What consent is needed for, as the heading begins. */
    why: '登记孩子前',
    documents: [] as DocumentView[],
    complete: false,
    busy: false,
    problem: '',
  },

  onLoad(query: Record<string, string | undefined>) {
    const next = decodeURIComponent(query.next ?? '');
    const ask = query.ask ?? '';
    const before = next.includes('/quiz/') ? '答题前' : '登记孩子前';
    this.setData({ read: query.read ?? '', ask, next, why: WHY[ask] ?? before });
    return this.load();
  },

  async load() {
    this.setData({ status: 'loading' });
    try {
      const all = await consents();
      this.setData({ documents: views(all, this.data), status: 'ready', complete: false });
    } catch (error) {
      this.setData({ status: 'error', message: sentence(error) });
    }
  },

  tick(event: WechatMiniprogram.TouchEvent) {
    const purpose = String(event.currentTarget.dataset.purpose);
    const documents = this.data.documents.map((document) =>
      document.purpose === purpose ? { ...document, ticked: !document.ticked } : document,
    );
    this.setData({ documents, complete: documents.every((document) => document.ticked) });
  },

  unfold(event: WechatMiniprogram.TouchEvent) {
    const purpose = String(event.currentTarget.dataset.purpose);
    const documents = this.data.documents.map((document) =>
      document.purpose === purpose ? { ...document, open: !document.open } : document,
    );
    this.setData({ documents });
  },

  async accept() {
    if (this.data.busy) return;
    this.setData({ busy: true, problem: '' });
    try {
      const accepted = this.data.documents.map(({ purpose, version, hash }) => ({
        purpose,
        version,
        hash,
      }));
      await giveConsents(accepted);
      this.goOn();
    } catch (error) {
      this.setData({ problem: sentence(error), busy: false });
    }
  },

  goOn() {
    if (this.data.next) wx.redirectTo({ url: this.data.next });
    else back();
  },

  refuse() {
    const title = this.data.ask ? '没关系，不填也可以' : '没关系，指南照样可以读';
    wx.showToast({ title, icon: 'none' });
    back();
  },
});

function views(all: Consents, { read, ask }: { read: string; ask: string }): DocumentView[] {
  const along = (ALONG[ask] ?? []).filter((purpose) => all.needed.includes(purpose));
  const wanted = read ? [read] : ask ? [ask, ...along] : all.needed;
  return all.documents
    .filter(({ purpose }) => wanted.includes(purpose))
    .map(({ purpose, version, hash, title, body_nodes }) => ({
      purpose,
      version,
      hash,
      title,
      nodes: styled(body_nodes),
      ticked: false,
      open: Boolean(read),
    }));
}
