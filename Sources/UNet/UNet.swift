// The module UNet.
