// Built-ins that show something: view, text, image, rich-text, progress, canvas.
import { create, fire, host, register, setAttribute } from './element.js';
import { sanitised } from './rich-text.js';
import { assetUrl } from '../location.js';

const OBJECT_FIT = {
  aspectFit: 'contain',
  aspectFill: 'cover',
  scaleToFill: 'fill',
  widthFix: 'fill',
  heightFix: 'fill',
  center: 'none',
};

export const content = (space) => ({
  view: register(space, 'view'),
  page: register(space, 'page'),
  'page-meta': register(space, 'page-meta', pageMeta),
  text: register(space, 'text', { properties: { selectable: Boolean, userSelect: Boolean } }),
  image: register(space, 'image', image),
  'rich-text': register(space, 'rich-text', {
    properties: { nodes: null, userSelect: Boolean },
    observers: {
      nodes(nodes) {
        host(this).replaceChildren(...sanitised(nodes ?? ''));
      },
    },
  }),
  progress: register(space, 'progress', progress),
  canvas: register(space, 'canvas', canvas),
});

/** Page settings inside WXML; the page stack applies them while their page is on top. */
const pageMeta = {
  properties: { rootFontSize: String, pageFontSize: String, pageStyle: String },
  observers: {
    'rootFontSize, pageFontSize, pageStyle'() {
      const { rootFontSize, pageFontSize, pageStyle } = this.data;
      Object.assign(host(this).dataset, { rootFontSize, pageFontSize, pageStyle });
      host(this).dispatchEvent(new Event('page-meta', { bubbles: true }));
    },
  },
};

const image = {
  properties: {
    src: String,
    mode: { type: String, value: 'scaleToFill' },
    lazyLoad: Boolean,
    showMenuByLongpress: Boolean, // the browser has a menu of its own
  },
  created(element) {
    this.image = create('img', { alt: '', draggable: false });
    this.image.onload = () =>
      fire(this, 'load', { width: this.image.naturalWidth, height: this.image.naturalHeight });
    this.image.onerror = () => fire(this, 'error', { errMsg: `load ${this.data.src} fail` });
    element.append(this.image);
  },
  observers: {
    src(src) {
      setAttribute(this.image, 'src', src && assetUrl(src));
    },
    lazyLoad(lazy) {
      this.image.loading = lazy ? 'lazy' : 'eager';
    },
    mode(mode) {
      if (!(mode in OBJECT_FIT)) console.error(`[preview] image mode "${mode}" is not simulated`);
      this.image.style.objectFit = OBJECT_FIT[mode];
      host(this).dataset.mode = mode;
    },
    ariaLabel(label) {
      this.image.alt = label;
    },
  },
};

const progress = {
  properties: {
    percent: Number,
    strokeWidth: { type: Number, value: 6 },
    activeColor: { type: String, value: '#09bb07' },
    backgroundColor: { type: String, value: '#ebebeb' },
    borderRadius: Number,
  },
  role: 'progressbar',
  created(element) {
    this.bar = create('div');
    element.append(this.bar);
  },
  observers: {
    'percent, strokeWidth, activeColor, backgroundColor, borderRadius'() {
      const { percent, strokeWidth, activeColor, backgroundColor, borderRadius } = this.data;
      const element = host(this);
      element.setAttribute('aria-valuenow', String(percent));
      Object.assign(element.style, {
        height: `${strokeWidth}px`,
        background: backgroundColor,
        borderRadius: `${borderRadius}px`,
      });
      Object.assign(this.bar.style, { width: `${percent}%`, background: activeColor });
    },
  },
};

const canvas = {
  properties: { type: String },
  created(element) {
    element.append(create('canvas'));
  },
  attached() {
    const { type } = this.data;
    if (type !== '2d') console.error(`[preview] canvas type "${type}" is not simulated`);
  },
};
