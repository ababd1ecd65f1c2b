// The icons of cards and of the first page, each as the data of one path in a box of 24 by 24: a component per icon costs far more.
import down from 'lucide-svelte/icons/arrow-down?outline';
import up from 'lucide-svelte/icons/arrow-up?outline';
import audio from 'lucide-svelte/icons/audio-lines?outline';
import architecture from 'lucide-svelte/icons/box?outline';
import open from 'lucide-svelte/icons/chevron-down?outline';
import chevron from 'lucide-svelte/icons/chevron-right?outline';
import yes from 'lucide-svelte/icons/circle-check?outline';
import question from 'lucide-svelte/icons/circle-question-mark?outline';
import no from 'lucide-svelte/icons/circle-x?outline';
import offline from 'lucide-svelte/icons/cloud-off?outline';
import download from 'lucide-svelte/icons/download?outline';
import vision from 'lucide-svelte/icons/eye?outline';
import local from 'lucide-svelte/icons/hard-drive?outline';
import bits from 'lucide-svelte/icons/hash?outline';
import keyboard from 'lucide-svelte/icons/keyboard?outline';
import layers from 'lucide-svelte/icons/layers?outline';
import cards from 'lucide-svelte/icons/layout-grid?outline';
import lock from 'lucide-svelte/icons/lock?outline';
import memory from 'lucide-svelte/icons/memory-stick?outline';
import menu from 'lucide-svelte/icons/menu?outline';
import screen from 'lucide-svelte/icons/monitor?outline';
import moon from 'lucide-svelte/icons/moon?outline';
import radar from 'lucide-svelte/icons/radar?outline';
import retry from 'lucide-svelte/icons/rotate-cw?outline';
import search from 'lucide-svelte/icons/search?outline';
import filter from 'lucide-svelte/icons/sliders-horizontal?outline';
import star from 'lucide-svelte/icons/star?outline';
import sun from 'lucide-svelte/icons/sun?outline';
import table from 'lucide-svelte/icons/table?outline';
import alert from 'lucide-svelte/icons/triangle-alert?outline';
import close from 'lucide-svelte/icons/x?outline';

export const icons = {
	alert,
	architecture,
	audio,
	bits,
	cards,
	chevron,
	close,
	down,
	download,
	filter,
	keyboard,
	layers,
	local,
	lock,
	memory,
	menu,
	moon,
	no,
	offline,
	open,
	question,
	radar,
	retry,
	screen,
	search,
	star,
	sun,
	table,
	up,
	vision,
	yes,
};

/** Names of these icons. */
export type IconName = keyof typeof icons;
