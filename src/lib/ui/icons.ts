// Icons that repeat on every card, each as the data of one path in a box of 24 by 24: a component per icon costs far more.
import audio from 'lucide-svelte/icons/audio-lines?outline';
import architecture from 'lucide-svelte/icons/box?outline';
import chevron from 'lucide-svelte/icons/chevron-right?outline';
import question from 'lucide-svelte/icons/circle-question-mark?outline';
import yes from 'lucide-svelte/icons/circle-check?outline';
import no from 'lucide-svelte/icons/circle-x?outline';
import memory from 'lucide-svelte/icons/memory-stick?outline';
import download from 'lucide-svelte/icons/download?outline';
import vision from 'lucide-svelte/icons/eye?outline';
import bits from 'lucide-svelte/icons/hash?outline';
import local from 'lucide-svelte/icons/hard-drive?outline';
import lock from 'lucide-svelte/icons/lock?outline';
import retry from 'lucide-svelte/icons/rotate-cw?outline';
import star from 'lucide-svelte/icons/star?outline';
import alert from 'lucide-svelte/icons/triangle-alert?outline';

export const icons = {
	audio,
	architecture,
	chevron,
	download,
	vision,
	bits,
	local,
	lock,
	retry,
	star,
	alert,
	yes,
	no,
	question,
	memory,
};

/** Names of these icons. */
export type IconName = keyof typeof icons;
