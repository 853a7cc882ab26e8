import { children, chosenChild, towns } from '../../services/people';
import { nursingRooms } from '../../services/rooms';
import type { NursingRoom, Town } from '../../services/types';
import { cityDay, dayText } from '../../utils/dates';
import { failed } from '../../utils/failures';

interface RoomView {
  id: number;
  name: string;
  spot: string;
  address: string;
  hours: string;
  facilities: string[];
  phone: string;
  checked: string;
  stale: boolean;
}

interface Group {
  town: string;
  rooms: RoomView[];
}

interface Choice {
  code: string;
  name: string;
}

const EVERYWHERE: Choice = { code: '', name: '全市' };

/** Answers to an older question must not overwrite those of a newer one. */
let turn = 0;

Page({
  data: {
    status: 'loading',
    message: '',
    choices: [EVERYWHERE],
    /** The town that the address or the child asks for; undefined until somebody has been asked. */
    town: undefined as string | undefined,
    townIndex: 0,
    groups: [] as Group[],
  },

  onLoad(query: Record<string, string | undefined>) {
    this.setData({ town: query.town });
    return this.load();
  },

  async onPullDownRefresh() {
    await this.load();
    wx.stopPullDownRefresh();
  },

  async load() {
    if (this.data.status !== 'ready') this.setData({ status: 'loading' });
    const mine = ++turn;
    try {
      const [all, town] = await Promise.all([towns(), this.data.town ?? ownTown()]);
      if (mine !== turn) return;
      const choices = [EVERYWHERE, ...all.map(choiceOf)];
      const townIndex = Math.max(
        choices.findIndex(({ code }) => code === town),
        0,
      );
      this.setData({ choices, townIndex, town: choices[townIndex].code });
      const found = await nursingRooms(choices[townIndex].code);
      if (mine !== turn) return;
      this.setData({ groups: grouped(found), status: found.length ? 'ready' : 'empty' });
    } catch (error) {
      if (mine === turn) this.setData(failed(this.data.status, error));
    }
  },

  chooseTown(event: WechatMiniprogram.PickerChange) {
    const townIndex = Number(event.detail.value);
    this.setData({ townIndex, town: this.data.choices[townIndex].code, status: 'loading' });
    return this.load();
  },

  seeAll() {
    this.setData({ townIndex: 0, town: EVERYWHERE.code, status: 'loading' });
    return this.load();
  },

  call(event: WechatMiniprogram.TouchEvent) {
    wx.makePhoneCall({ phoneNumber: String(event.currentTarget.dataset.phone) });
  },

  /** WeChat says itself that it is copied. */
  copy(event: WechatMiniprogram.TouchEvent) {
    wx.setClipboardData({ data: String(event.currentTarget.dataset.address) });
  },
});

function choiceOf({ code, name }: Town): Choice {
  return { code, name };
}

/** The list needs no login: whoever cannot sign in sees the whole city. */
function ownTown(): Promise<string> {
  return children().then(
    (all) => chosenChild(all)?.town_code ?? '',
    () => '',
  );
}

/** The rooms come by town. */
function grouped(rooms: NursingRoom[]): Group[] {
  const groups: Group[] = [];
  const today = cityDay(new Date());
  for (const room of rooms) {
    let last = groups[groups.length - 1];
    if (last?.town !== room.town) {
      last = { town: room.town, rooms: [] };
      groups.push(last);
    }
    last.rooms.push(roomView(room, today));
  }
  return groups;
}

function roomView(room: NursingRoom, today: string): RoomView {
  return {
    id: room.id,
    name: room.name,
    spot: room.spot,
    address: room.address,
    hours: room.opening_hours,
    facilities: room.facilities.map(({ title }) => title),
    phone: room.phone_public ?? '',
    checked: `${dayText(room.checked_on, today)}核对`,
    stale: room.stale,
  };
}
