// Built-ins that move: scroll-view, swiper.
import { accepted, fire, host, register } from './element.js';

export const scrolling = (space) => ({
  'scroll-view': register(space, 'scroll-view', scrollView),
  swiper: register(space, 'swiper', swiper),
  'swiper-item': register(space, 'swiper-item', { properties: { itemId: String } }),
});

const given = (value) => value !== undefined && value !== null && value !== '';

const scrollView = {
  properties: {
    scrollX: Boolean,
    scrollY: Boolean,
    lowerThreshold: { type: Number, value: 50 },
    scrollTop: null,
    scrollLeft: null,
    scrollIntoView: String,
    showScrollbar: { type: Boolean, value: true },
    ...accepted('scrollWithAnimation enhanced enableFlex'),
  },
  created(element) {
    let atEnd = false;
    element.addEventListener('scroll', () => {
      const { scrollTop, scrollLeft, scrollHeight, scrollWidth } = element;
      fire(this, 'scroll', { scrollTop, scrollLeft, scrollHeight, scrollWidth });
      const left = this.data.scrollX
        ? scrollWidth - scrollLeft - element.clientWidth
        : scrollHeight - scrollTop - element.clientHeight;
      const near = left <= this.data.lowerThreshold;
      if (near && !atEnd) fire(this, 'scrolltolower', {});
      atEnd = near;
    });
  },
  observers: {
    'scrollX, scrollY, showScrollbar'() {
      const { scrollX, scrollY, showScrollbar } = this.data;
      Object.assign(host(this).style, {
        overflowX: scrollX ? 'auto' : '',
        overflowY: scrollY ? 'auto' : '',
        scrollbarWidth: showScrollbar ? '' : 'none',
      });
    },
    scrollTop(value) {
      if (given(value)) host(this).scrollTop = Number(value);
    },
    scrollLeft(value) {
      if (given(value)) host(this).scrollLeft = Number(value);
    },
    scrollIntoView(id) {
      if (!id) return;
      const show = () =>
        host(this)
          .querySelector(`#${CSS.escape(id)}`)
          ?.scrollIntoView();
      requestAnimationFrame(show); // the item may be drawn by the same setData
    },
  },
};

const swiper = {
  properties: {
    indicatorDots: Boolean,
    autoplay: Boolean,
    current: Number,
    interval: { type: Number, value: 5000 },
    ...accepted('duration circular indicatorColor indicatorActiveColor'),
  },
  created(element) {
    this.shown = 0;
    element.addEventListener('scroll', () => {
      const current = Math.round(element.scrollLeft / element.clientWidth);
      if (current === this.shown) return;
      this.shown = current;
      fire(this, 'change', { current, source: 'touch' });
    });
  },
  attached(element) {
    if (!this.data.autoplay) return;
    this.timer = setInterval(() => {
      const next = (this.shown + 1) % element.querySelectorAll('wx-swiper-item').length;
      element.scrollTo({ left: next * element.clientWidth, behavior: 'smooth' });
    }, this.data.interval);
  },
  detached() {
    clearInterval(this.timer);
  },
  observers: {
    current(current) {
      const element = host(this);
      requestAnimationFrame(() => (element.scrollLeft = current * element.clientWidth));
    },
  },
};
