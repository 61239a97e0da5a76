// niftilib's conversions, and zlib: NIfTI files are compressed with it, and niftilib brings it along.
#pragma once
#include <nifti/nifti2_io.h>
#include <zlib.h>
