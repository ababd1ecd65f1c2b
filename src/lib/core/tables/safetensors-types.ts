// Number types of safetensors files and the bits of one element.
//
// Source: the `Dtype` of the safetensors library (0.8) and the header schema of the official JavaScript client.

/** Bits of one stored element. Types below eight bits are stored without gaps between elements. */
export const safetensorsTypes = new Map<string, number>([
	['F64', 64],
	['F32', 32],
	['F16', 16],
	['BF16', 16],
	['I64', 64],
	['I32', 32],
	['I16', 16],
	['I8', 8],
	['U64', 64],
	['U32', 32],
	['U16', 16],
	['U8', 8],
	['BOOL', 8],
	['F8_E4M3', 8],
	['F8_E5M2', 8],
	['F8_E4M3FNUZ', 8],
	['F8_E5M2FNUZ', 8],
	['F8_E8M0', 8],
	['F6_E2M3', 6],
	['F6_E3M2', 6],
	['F4', 4],
	['C64', 64],
]);
