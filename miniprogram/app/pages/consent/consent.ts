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

Page({
  data: {
    status: 'loading',
    message: '',
    /** The purpose of the one document to read again; empty when consent is asked for. */
    read: '',
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
    const why = next.includes('/quiz/') ? '答题前' : '登记孩子前';
    this.setData({ read: query.read ?? '', next, why });
    return this.load();
  },

  async load() {
    this.setData({ status: 'loading' });
    try {
      const all = await consents();
      this.setData({ documents: views(all, this.data.read), status: 'ready', complete: false });
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
      if (this.data.next) wx.redirectTo({ url: this.data.next });
      else back();
    } catch (error) {
      this.setData({ problem: sentence(error), busy: false });
    }
  },

  refuse() {
    wx.showToast({ title: '没关系，指南照样可以读', icon: 'none' });
    back();
  },
});

function views(all: Consents, read: string): DocumentView[] {
  const wanted = (purpose: Purpose) => (read ? purpose === read : all.needed.includes(purpose));
  return all.documents
    .filter((document) => wanted(document.purpose))
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
