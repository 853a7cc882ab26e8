// Pulling a page down with a finger or the mouse to refresh it.

const TRIGGER_PX = 50;
const RESISTANCE = 2; // the page follows at half the finger's speed

export class PullDown {
  /**
   * @param {HTMLElement} host scrolls the page
   * @param {() => void} refresh
   */
  constructor(host, refresh) {
    this.host = host;
    this.refresh = refresh;
    this.refreshing = false;
    this.indicator = document.createElement('div');
    this.indicator.className = 'pull-down';
    host.prepend(this.indicator);
  }

  /** Let the user pull; without this only `start()` refreshes. */
  listen() {
    let from = null;
    const begin = (y) => (from = this.host.scrollTop <= 0 && !this.refreshing ? y : null);
    const move = (y) => from !== null && this.#draw(Math.max(0, y - from) / RESISTANCE);
    const end = () => {
      if (from === null) return;
      from = null;
      if (this.indicator.offsetHeight >= TRIGGER_PX) this.start();
      else this.#draw(0);
    };
    const { host } = this;
    host.addEventListener('touchstart', (e) => begin(e.touches[0].clientY), { passive: true });
    host.addEventListener('touchmove', (e) => move(e.touches[0].clientY), { passive: true });
    host.addEventListener('touchend', end);
    host.addEventListener('touchcancel', end);
    host.addEventListener('mousedown', (e) => begin(e.clientY));
    host.addEventListener('mousemove', (e) => e.buttons && move(e.clientY));
    host.addEventListener('mouseup', end);
  }

  start() {
    if (this.refreshing) return;
    this.refreshing = true;
    this.indicator.setAttribute('role', 'status');
    this.indicator.setAttribute('aria-label', '正在刷新');
    this.#draw(TRIGGER_PX);
    this.refresh();
  }

  stop() {
    this.refreshing = false;
    this.indicator.removeAttribute('role');
    this.indicator.removeAttribute('aria-label');
    this.#draw(0);
  }

  #draw(height) {
    this.indicator.style.height = `${height}px`;
  }
}
